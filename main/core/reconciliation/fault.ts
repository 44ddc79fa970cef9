import type { StatementFault } from '../../../contract/reconciliation.ts';

/** Why a statement file is refused as a whole: nothing of it was taken. Lines count from 1; null where no line is to blame. */
export class StatementError extends Error {
  override name = 'StatementError';
  readonly code: StatementFault;
  readonly line: number | null;
  constructor(code: StatementFault, line: number | null, detail: string) {
    super(detail);
    this.code = code;
    this.line = line;
  }
}
