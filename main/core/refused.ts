import type { RefusalCode } from '../../contract/refusal.ts';

/** Why the core does not do what it was asked. */
export class Refused extends Error {
  override name = 'Refused';
  readonly code: RefusalCode;
  readonly waitMs: number | undefined;
  constructor(code: RefusalCode, detail?: string, waitMs?: number) {
    super(detail ?? code);
    this.code = code;
    this.waitMs = waitMs;
  }
}
