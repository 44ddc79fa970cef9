/** How often the core is asked whether it answers. */
export const BEAT_MS = 1_000;
/** Silent for so long: the screens say so. */
export const SILENT_MS = 10_000;
/** Silent for so long: it is started again. */
export const HUNG_MS = 20_000;
const MOST_MS = 320_000;
/** After answering for so long the patience is as short as at first. */
const TRUSTED_MS = 600_000;

/** What is known of a core that is asked at every beat. All times in ms of a monotonic clock. */
export interface Pulse {
  readonly at: number;
  readonly silentMs: number;
  readonly answeringMs: number;
  /** How long it may be silent before it is started again. */
  readonly patienceMs: number;
  readonly said: boolean;
}

/** `silent` and `answers` are for the screens; `hung` is a core to be started again. */
export type Beat = 'silent' | 'answers' | 'hung' | undefined;

export function firstPulse(at: number, patienceMs = HUNG_MS): Pulse {
  return { at, silentMs: 0, answeringMs: 0, patienceMs, said: false };
}

/**
 * One beat: whether the core answered since the last one, and what follows from that. Time counts only as far as this side
 * was awake: after a sleep of the machine, or of the shell itself, one beat is at most two. A core that was started again is
 * given twice the time at its next silence, so that work which is only long comes to its end.
 */
export function beat(pulse: Pulse, at: number, answered: boolean): readonly [Pulse, Beat] {
  const passed = Math.min(Math.max(0, at - pulse.at), 2 * BEAT_MS);
  if (answered) {
    const answeringMs = pulse.answeringMs + passed;
    const patienceMs = answeringMs >= TRUSTED_MS ? HUNG_MS : pulse.patienceMs;
    return [{ at, silentMs: 0, answeringMs, patienceMs, said: false }, pulse.said ? 'answers' : undefined];
  }
  const silentMs = pulse.silentMs + passed;
  if (silentMs >= pulse.patienceMs) return [firstPulse(at, Math.min(2 * pulse.patienceMs, MOST_MS)), 'hung'];
  const said = pulse.said || silentMs >= SILENT_MS;
  return [{ ...pulse, at, silentMs, said }, said && !pulse.said ? 'silent' : undefined];
}
