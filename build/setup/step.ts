/** What a step found: all is well, or one sentence with its remedy. */
export type Outcome =
  | { readonly ok: true; readonly note: string }
  | { readonly ok: false; readonly problem: string; readonly remedy: string };

export type Say = (text: string) => void;

export interface Step {
  readonly name: string;
  /** Checks and, where it may, mends. `say` shows progress of something long. */
  readonly run: (say: Say) => Promise<Outcome>;
}

export function done(note: string): Outcome {
  return { ok: true, note };
}

export function failed(problem: string, remedy: string): Outcome {
  return { ok: false, problem, remedy };
}

/** One line of progress: `name  note  1.2 s`. */
export function line(name: string, note: string, ms: number): string {
  return `${name.padEnd(10)} ${note.padEnd(64)} ${(ms / 1000).toFixed(1).padStart(6)} s`;
}

/** Runs the steps in order and stops at the first that fails; true when all are well. */
export async function runSteps(steps: readonly Step[], print: Say): Promise<boolean> {
  for (const step of steps) {
    const began = performance.now();
    const outcome = await step.run((text) => print(`${step.name.padEnd(10)} ${text} …`));
    if (!outcome.ok) {
      print(`${step.name.padEnd(10)} ${outcome.problem}`);
      print(`${''.padEnd(10)} ${outcome.remedy}`);
      return false;
    }
    print(line(step.name, outcome.note, performance.now() - began));
  }
  return true;
}
