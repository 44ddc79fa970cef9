import type { BankAnswer } from '../bank/link.ts';
import { unhex } from '../kernel/bytes.ts';
import { readIssuerAnswer } from '../kernel/issuer.ts';
import type { Answer, Exchange, IssuerScripts, PaymentEvent } from './event.ts';

/** What the journal keeps of an event beside its name: never a secret. */
export function eventDetail(event: PaymentEvent): Record<string, string | number | null> {
  switch (event.type) {
    case 'answer':
      return {
        to: event.to,
        answer: event.answer.kind,
        code: 'code' in event.answer ? event.answer.code : null,
        ...('minor' in event.answer ? { minor: event.answer.minor } : {}),
        ...('scripts' in event.answer ? { scripts: event.answer.scripts } : {}),
      };
    case 'card':
      return {
        decision: event.decision,
        cause: event.reason,
        oda: event.card?.oda ?? null,
        scheme: event.card?.scheme ?? null,
      };
    case 'code':
    case 'show':
      return { scheme: event.scheme };
    case 'cash':
      return { tendered: event.tendered ?? null };
    case 'refund-end':
      return { end: event.end };
    case 'decide':
      return { done: event.done ? 1 : 0, cause: event.cause };
    default:
      return {};
  }
}

/** DE 39 by which a host says that it cannot say: issuer unavailable, system malfunction. */
const cannotSay: ReadonlySet<string> = new Set(['91', '96']);

/** An answer of the link as the payment needs to know it. */
export function answerOf(answer: BankAnswer, to: Exchange): Answer {
  // A payment that a host cannot decide is refused; of one that it has already, such an answer says nothing.
  const pays = to === 'purchase' || to === 'advice';
  if (answer.kind === 'declined' && !pays && cannotSay.has(answer.code)) return { kind: 'no-answer' };
  switch (answer.kind) {
    case 'approved': {
      const { code, authCode = null, hostRrn } = answer;
      return { kind: 'approved', code, authCode, ...(hostRrn === undefined ? {} : { hostRrn }), ...scriptsIn(answer) };
    }
    case 'partial': {
      const { code, authCode = null, hostRrn, amount } = answer;
      return { kind: 'partial', code, authCode, minor: amount.minor, ...(hostRrn === undefined ? {} : { hostRrn }) };
    }
    case 'declined':
      return { kind: 'declined', code: answer.code, ...scriptsIn(answer) };
    case 'pending':
    case 'not-found':
      return { kind: answer.kind, code: answer.code };
    case 'no-answer':
    case 'not-sent':
      return { kind: answer.kind };
  }
}

/** Issuer scripts of an answer are never sent to a card that has left: they are counted for the journal. */
function scriptsIn({ iccData }: { readonly iccData?: string }): { scripts?: IssuerScripts } {
  if (iccData === undefined) return {};
  return { scripts: readIssuerAnswer(unhex(iccData))?.scripts.length ?? 'unreadable' };
}
