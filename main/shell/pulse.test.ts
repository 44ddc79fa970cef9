import { describe, expect, it } from 'vitest';
import { BEAT_MS, type Beat, beat, firstPulse, HUNG_MS, type Pulse, SILENT_MS } from './pulse.ts';

/** Beats until `ms` have passed; what followed, with its time. */
function live(from: Pulse, ms: number, answers: (at: number) => boolean) {
  let pulse = from;
  const heard: (readonly [number, Beat])[] = [];
  for (let at = from.at + BEAT_MS; at <= from.at + ms; at += BEAT_MS) {
    const [next, what] = beat(pulse, at, answers(at));
    pulse = next;
    if (what !== undefined) heard.push([at, what]);
  }
  return { pulse, heard };
}

describe('the pulse of the core', () => {
  it('says nothing of a core that answers, and of one that is busy for a moment', () => {
    expect(live(firstPulse(0), 60_000, () => true).heard).toEqual([]);
    expect(live(firstPulse(0), 60_000, (at) => at % SILENT_MS === 0).heard).toEqual([]);
  });

  it('says once that it is silent, and that it answers again', () => {
    const { heard } = live(firstPulse(0), 30_000, (at) => at < 2_000 || at > 15_000);
    expect(heard).toEqual([
      [SILENT_MS + BEAT_MS, 'silent'],
      [16_000, 'answers'],
    ]);
  });

  it('takes a core that stays silent for hung, and gives the next one twice the time', () => {
    const { heard } = live(firstPulse(0), 2 * HUNG_MS + HUNG_MS, () => false);
    expect(heard).toEqual([
      [SILENT_MS, 'silent'],
      [HUNG_MS, 'hung'],
      [HUNG_MS + SILENT_MS, 'silent'],
      [3 * HUNG_MS, 'hung'],
    ]);
  });

  it('is as strict as at first once the core has answered for long', () => {
    const patient = firstPulse(0, 4 * HUNG_MS);
    expect(live(patient, 599_000, () => true).pulse.patienceMs).toBe(4 * HUNG_MS);
    expect(live(patient, 600_000, () => true).pulse.patienceMs).toBe(HUNG_MS);
  });

  it('counts no sleep: the machine was away, not the core', () => {
    const [after, what] = beat(firstPulse(0), 8 * 3_600_000, false);
    expect(what).toBeUndefined();
    expect(after.silentMs).toBe(2 * BEAT_MS);
    const [back, then] = beat(after, -5_000, false);
    expect(then).toBeUndefined();
    expect(back.silentMs).toBe(2 * BEAT_MS);
  });
});
