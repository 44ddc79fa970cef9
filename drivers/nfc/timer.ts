/** Runs `run` once after `ms`; the result undoes it. Handed in, so that a simulated world can turn time itself. */
export type After = (ms: number, run: () => void) => () => void;

export const after: After = (ms, run) => {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
};
