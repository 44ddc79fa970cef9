/** What one part of the chaos run came to. */
export interface PartResult {
  readonly part: string;
  readonly ok: boolean;
  /** What was measured, for the report and for `--json`. */
  readonly figures: Readonly<Record<string, number | string>>;
  readonly failures: readonly Failure[];
}

/** Something that was promised never to happen, and how to see it again. */
export interface Failure {
  readonly what: string;
  /** One command that shows it step by step. */
  readonly replay: string;
}
