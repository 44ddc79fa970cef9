import { acceptedOffline, paidCash, purchased } from '../ledger/account.ts';
import type { Answer, Facts, PaymentEvent, PresentedCard } from './event.ts';
import { offlineRefusal } from './offline.ts';
import { byWallet, captured, type Payment, type PaymentChange } from './payment.ts';
import { ignored, intent, type Next, outcome, type Rules, type Step, UndrawnTransition } from './transition.ts';

type Card = Extract<PaymentEvent, { type: 'card' }>;

/** A purchase from its opening until the bank has spoken: opened, sealed, sending, partial, unknown, querying. */
export function stepPurchase(payment: Payment, event: PaymentEvent, facts: Facts, rules: Rules): Step {
  switch (payment.state) {
    case 'opened':
      return stepOpened(payment, event, facts, rules);
    case 'sealed':
      return stepSealed(payment, event, facts);
    case 'sending':
      return stepSending(payment, event, facts, rules);
    case 'partial':
      return stepPartial(payment, event, facts, rules);
    case 'unknown':
      return stepUnknown(payment, event);
    case 'querying':
      return stepQuerying(payment, event, facts, rules);
    default:
      throw new UndrawnTransition(payment, event);
  }
}

function stepOpened(payment: Payment, event: PaymentEvent, facts: Facts, rules: Rules): Step {
  switch (event.type) {
    case 'card':
      return stepCard(payment, event, facts, rules);
    case 'code':
      if (!facts.online)
        return outcome({ state: 'declined', tender: 'code', scheme: event.scheme, reason: 'code-needs-line' });
      return intent(
        { state: 'sending', tender: 'code', scheme: event.scheme, batch: facts.batch, attempt: 1, sentAt: facts.now },
        [{ type: 'exchange', exchange: 'purchase' }],
      );
    case 'show':
      return showCode(event.scheme, facts);
    case 'cash':
      return outcome(
        { state: 'approved', tender: 'cash', scheme: 'cash', tendered: event.tendered ?? null, print: 'queued' },
        [{ type: 'print' }, { type: 'drawer' }],
        [paidCash(posted(payment))],
      );
    case 'cancel':
      return outcome({ state: 'abandoned', reason: 'customer-cancel' });
    case 'restart':
      return outcome({ state: 'abandoned', reason: 'restarted' });
    case 'due':
    case 'clear':
      return ignored;
    default:
      throw new UndrawnTransition(payment, event);
  }
}

/** The bank hears of the order before anybody sees the code: one that nobody could take back is never shown. */
function showCode(scheme: string, facts: Facts): Step {
  if (!facts.online) return outcome({ state: 'declined', tender: 'shown', scheme, reason: 'code-needs-line' });
  return intent({ state: 'sending', tender: 'shown', scheme, batch: facts.batch, attempt: 1, sentAt: facts.now }, [
    { type: 'exchange', exchange: 'purchase' },
  ]);
}

function stepCard(payment: Payment, event: Card, facts: Facts, rules: Rules): Step {
  const card = event.card;
  if (event.decision === 'declined' || card === null) {
    return outcome({ ...cardChange(card), state: 'declined', tender: 'contactless', reason: event.reason });
  }
  const read: PaymentChange = { ...cardChange(card), tender: 'contactless' };
  if (facts.online && event.decision === 'online') {
    if (facts.reversalsDue) return outcome({ ...read, state: 'sealed' }, [{ type: 'reversals-first' }]);
    return { ...sendCard(facts), change: { ...read, ...sendCard(facts).change } };
  }
  const deferrable = event.decision === 'approved-offline' || event.deferrable;
  const refusal = offlineRefusal(rules.offline, facts.offline, { scheme: card.scheme, deferrable }, payment.amount);
  if (refusal) return { ...outcome({ ...read, state: 'declined', reason: refusal }), shred: true };
  return outcome(
    { ...read, state: 'saf-accepted', acceptedAt: facts.now, print: 'queued' },
    [{ type: 'print' }, { type: 'later', ms: 0 }],
    [acceptedOffline(posted(payment), card.scheme)],
  );
}

function cardChange(card: PresentedCard | null): PaymentChange {
  return card ?? {};
}

function sendCard(facts: Facts): Next {
  return intent({ state: 'sending', batch: facts.batch, attempt: 1, sentAt: facts.now }, [
    { type: 'exchange', exchange: 'purchase' },
  ]);
}

/** The card was read and waits for older reversals to be delivered once (I10). Nothing has been sent for it. */
function stepSealed(payment: Payment, event: PaymentEvent, facts: Facts): Step {
  switch (event.type) {
    case 'clear':
      if (facts.online) return sendCard(facts);
      return { ...outcome({ state: 'declined', reason: 'not-sent' }), shred: true };
    case 'cancel':
      return { ...outcome({ state: 'abandoned', reason: 'customer-cancel' }), shred: true };
    case 'restart':
      return { ...outcome({ state: 'abandoned', reason: 'restarted' }), shred: true };
    case 'due':
      return ignored;
    default:
      throw new UndrawnTransition(payment, event);
  }
}

function stepSending(payment: Payment, event: PaymentEvent, facts: Facts, rules: Rules): Step {
  switch (event.type) {
    case 'answer':
      return event.to === 'purchase' ? stepAnswer(payment, event.answer, facts, rules) : ignored;
    case 'restart':
      return outcome({ state: 'unknown', reason: 'restarted' }, [{ type: 'later', ms: 0 }]);
    case 'cancel':
    case 'due':
    case 'give-up':
    case 'clear':
      return ignored;
    default:
      throw new UndrawnTransition(payment, event);
  }
}

function stepAnswer(payment: Payment, answer: Answer, facts: Facts, rules: Rules): Step {
  switch (answer.kind) {
    case 'approved':
      return approve(payment, answer, facts);
    case 'partial':
      return partial(payment, answer, rules);
    case 'declined':
    case 'not-found':
      return decline(payment, `bank-${answer.code}`);
    case 'not-sent':
      return decline(payment, 'not-sent');
    case 'pending':
      return byWallet(payment) ? query(rules, 'pending') : takeBack('invalid-answer');
    case 'no-answer':
      return byWallet(payment) ? query(rules, 'no-answer') : takeBack('no-answer');
  }
}

/** Less than was asked: kept for a person to say, or given back in full. Card data is of no more use either way. */
function partial(payment: Payment, answer: Extract<Answer, { kind: 'partial' }>, rules: Rules): Next {
  if (byWallet(payment)) return cancel('partial-refused');
  if (rules.partialMs === undefined || payment.kind !== 'purchase') return takeBack('partial-refused');
  if (answer.minor <= 0 || answer.minor >= payment.amount.minor) return takeBack('invalid-answer');
  const { minor, authCode, hostRrn = null } = answer;
  const change = { state: 'partial', approved: minor, authCode, hostRrn, reason: 'partial' } as const;
  return { ...outcome(change, [{ type: 'later', ms: rules.partialMs }]), shred: true };
}

/** A person says whether the smaller amount is taken; nobody says it in time, or the terminal stops: it all goes back. */
function stepPartial(payment: Payment, event: PaymentEvent, facts: Facts, rules: Rules): Step {
  const giveBack = (reason: string): Next => {
    const back = takeBack(reason);
    return { ...back, change: { ...back.change, approved: null, authCode: null, hostRrn: null } };
  };
  switch (event.type) {
    case 'accept': {
      const { authCode, hostRrn } = payment;
      const answer = { kind: 'approved', code: '10', authCode, ...(hostRrn === null ? {} : { hostRrn }) } as const;
      return approve(payment, answer, facts);
    }
    case 'cancel':
    case 'give-up':
      return giveBack('partial-refused');
    case 'restart':
      return giveBack('restarted');
    case 'due': {
      const left = (rules.partialMs ?? 0) - (payment.sentAt === null ? 0 : facts.waited(payment.sentAt));
      return left <= 0 ? giveBack('partial-late') : outcome({ reason: payment.reason }, [{ type: 'later', ms: left }]);
    }
    case 'answer':
    case 'clear':
      return ignored;
    default:
      throw new UndrawnTransition(payment, event);
  }
}

function approve(payment: Payment, answer: Extract<Answer, { kind: 'approved' }>, facts: Facts): Next {
  const batch = payment.batch ?? facts.batch;
  const { authCode, hostRrn = null } = answer;
  return {
    ...outcome(
      { state: 'approved', authCode, hostRrn, reason: null, print: 'queued' },
      [{ type: 'print' }],
      [purchased(posted(payment), payment.scheme ?? 'other', batch)],
    ),
    shred: true,
  };
}

function decline(payment: Payment, reason: string): Next {
  return payment.tender === 'contactless'
    ? { ...outcome({ state: 'declined', reason }), shred: true }
    : outcome({ state: 'declined', reason });
}

function takeBack(reason: string): Next {
  return { ...outcome({ state: 'reversal-due', reason, attempt: 0 }, [{ type: 'later', ms: 0 }]), shred: true };
}

function query(rules: Rules, reason: string): Next {
  return outcome({ state: 'querying', reason, attempt: 0 }, [{ type: 'later', ms: rules.wallet.firstQueryMs }]);
}

/** Only ever passed through in recovery: what was being sent when the terminal stopped is not known (I8). */
function stepUnknown(payment: Payment, event: PaymentEvent): Step {
  switch (event.type) {
    case 'due':
    case 'restart':
      return byWallet(payment)
        ? outcome({ state: 'querying', attempt: 0 }, [{ type: 'later', ms: 0 }])
        : takeBack('restarted');
    case 'answer':
    case 'cancel':
      return ignored;
    default:
      throw new UndrawnTransition(payment, event);
  }
}

/** A wallet payment whose end is not known: asked after, then cancelled (R8). */
function stepQuerying(payment: Payment, event: PaymentEvent, facts: Facts, rules: Rules): Step {
  const late = payment.sentAt !== null && facts.waited(payment.sentAt) >= patience(payment, rules);
  switch (event.type) {
    case 'due':
      if (late) return cancel(tooLate(payment));
      return intent({ attempt: payment.attempt + 1 }, [{ type: 'exchange', exchange: 'query' }]);
    case 'answer':
      if (event.to !== 'query') return ignored;
      if (event.answer.kind === 'approved') return approve(payment, event.answer, facts);
      if (event.answer.kind === 'declined') return outcome({ state: 'declined', reason: 'wallet-not-paid' });
      if (late) return cancel(tooLate(payment));
      return outcome({ reason: event.answer.kind === 'pending' ? 'pending' : 'no-answer' }, [
        { type: 'later', ms: rules.wallet.queryMs },
      ]);
    case 'cancel':
      return cancel('customer-cancel');
    case 'give-up':
      return cancel(tooLate(payment));
    case 'restart':
      return outcome({ reason: 'restarted' }, [{ type: 'later', ms: 0 }]);
    default:
      throw new UndrawnTransition(payment, event);
  }
}

/** How long a wallet payment is waited for. */
export function patience({ tender }: Payment, rules: Rules): number {
  return tender === 'shown' ? (rules.shownMs ?? rules.wallet.giveUpMs) : rules.wallet.giveUpMs;
}

function tooLate({ tender }: Payment): string {
  return tender === 'shown' ? 'shown-expired' : 'not-completed';
}

function cancel(reason: string): Next {
  return outcome({ state: 'cancel-due', reason, attempt: 0 }, [{ type: 'later', ms: 0 }]);
}

/** What a transfer needs to know of a payment. */
export function posted(payment: Payment): { payment: string; amount: Payment['amount']; day: string } {
  return { payment: payment.id, amount: captured(payment), day: payment.day };
}
