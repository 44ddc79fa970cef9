import type { KeyObject } from 'node:crypto';
import type { RefusalCode } from '../../../contract/refusal.ts';
import type { AcquirerLink } from '../bank/link.ts';
import type { Counter } from '../payment/counter.ts';
import type { Payment } from '../payment/payment.ts';
import type { Runner } from '../payment/runner.ts';
import type { PaymentTable } from '../payment/table.ts';
import { codeHash, recognise, type WalletRule } from './code.ts';

export interface ScanningParts {
  readonly payments: PaymentTable;
  readonly link: AcquirerLink;
  readonly runner: Runner;
  readonly counter: Counter;
  /** Read at each code: the bank may send other rules while the terminal runs. */
  readonly profile: { readonly wallets: readonly WalletRule[] };
  /** Of the hashes by which codes are known again. */
  readonly key: KeyObject;
}

type ScanRefusal = 'code-not-recognised' | 'code-seen-before' | 'code-needs-line' | 'hold-needs-card';

/** What becomes of the codes that a scanner reads. */
export class Scanning {
  readonly #parts: ScanningParts;

  constructor(parts: ScanningParts) {
    this.#parts = parts;
  }

  /**
   * A code pays what waits at the counter, or the counter says why not and goes on waiting. `last` ends the payment instead
   * when only the line is missing, where nobody is there to present something else.
   */
  take(text: string, last: boolean): RefusalCode | undefined {
    const { payments, runner, counter, profile, key } = this.#parts;
    const id = counter.waiting;
    if (id === undefined) return 'no-code-expected';
    const hash = codeHash(text, key);
    const refusal = this.#refusal(text, hash, payments.get(id).kind);
    if (refusal && !(last && refusal === 'code-needs-line')) {
      counter.codeRefused(refusal);
      return refusal;
    }
    const scheme = recognise(text, profile.wallets) ?? '';
    counter.disarm();
    runner.dispatch(id, { type: 'code', scheme, codeHash: hash }, { code: text.trim() });
    return undefined;
  }

  #refusal(text: string, hash: string, kind: Payment['kind']): ScanRefusal | undefined {
    const { payments, link, profile } = this.#parts;
    if (kind === 'pre-authorization') return 'hold-needs-card';
    if (recognise(text, profile.wallets) === undefined) return 'code-not-recognised';
    if (payments.codeSeen(hash)) return 'code-seen-before';
    return link.state.status === 'online' ? undefined : 'code-needs-line';
  }
}
