/** What one part of the chaos run came to. */
export interface PartResult {
  readonly part: string;
  readonly ok: boolean;
  /** What was measured, for the report and for `--json`. */
  readonly figures: Readonly<Record<string, number | string>>;
  readonly failures: readonly Failure[];
  /** What could not be done here, and why. Nothing was found there, because nobody looked. */
  readonly skipped?: readonly Skipped[];
}

/** Something that was promised never to happen, and how to see it again. */
export interface Failure {
  readonly what: string;
  /** One command that shows it step by step. */
  readonly replay: string;
}

export interface Skipped {
  readonly what: string;
  readonly why: string;
  readonly count: number;
}

/** How large a part is to be. */
export interface PartOptions {
  readonly count: number;
  /** The first seed. */
  readonly first: number;
  /** Told of how many are done. */
  readonly progress?: (done: number) => void;
}

/** A part of which nothing could be done here. */
export function skippedPart(part: string, count: number, why: string): PartResult {
  return { part, ok: true, figures: {}, failures: [], skipped: [{ what: part, why, count }] };
}

/** Said of a terminal that its trial could not start any more. */
export function startFailed(error: unknown): string {
  return `it does not start any more: ${error instanceof Error ? error.message : String(error)}`;
}

/** More of them are counted, not shown. */
const MOST_SHOWN = 10;

/** What a part came to that began at `from` of the monotonic clock. */
export function partResult(
  part: string,
  from: number,
  figures: PartResult['figures'],
  failures: readonly Failure[],
): PartResult {
  return {
    part,
    ok: failures.length === 0,
    figures: { ...figures, seconds: secondsSince(from), failures: failures.length },
    failures: failures.slice(0, MOST_SHOWN),
  };
}

/** To a tenth. */
function secondsSince(from: number): number {
  return Math.round((performance.now() - from) / 100) / 10;
}

/** Runs `work` for each of `seeds`, several at a time. */
export async function each(
  seeds: readonly number[],
  width: number,
  work: (seed: number) => Promise<void>,
): Promise<void> {
  const left = [...seeds];
  const lane = async (): Promise<void> => {
    for (let seed = left.shift(); seed !== undefined; seed = left.shift()) await work(seed);
  };
  await Promise.all(Array.from({ length: Math.min(width, seeds.length) }, lane));
}
