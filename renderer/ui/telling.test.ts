import { describe, expect, test } from 'vitest';
import { Outcome, outcomeOf, type PaymentView } from '../../contract/payment.ts';
import { payments } from '../stand/scenes.ts';
import { createWords } from '../words/words.ts';
import { stays, tell } from './telling.ts';
import { clockTime, fullTime, paidBy, reasonText, span, stateText } from './write.tsx';

const [paid] = payments;
const zh = createWords('zh-CN');
const en = createWords('en');
const payment = (some: Partial<PaymentView>): PaymentView => ({ ...paid, ...some });

describe.each([zh, en])('a result in words (%#)', (words) => {
  const t = words.t;

  test('every outcome has a title, and every bad end its three parts and a button', () => {
    for (const outcome of Outcome.options) {
      const told = tell(payment({ reason: null }), outcome, t);
      expect(told.title, outcome).not.toMatch(/^result\./);
      expect(told.sentences.filter((one) => /^(result|reason|advice)\./.test(one) || one === '')).toEqual([]);
      if (stays(outcome)) {
        expect(told.sentences, outcome).toHaveLength(3);
        expect(told.actions.length, outcome).toBeGreaterThan(0);
      }
    }
  });

  test('no two outcomes share a title', () => {
    const titles = Outcome.options.map((outcome) => tell(payment({ reason: null }), outcome, t).title);
    expect(new Set(titles).size).toBe(titles.length);
  });

  test('an unknown reason is still a sentence, with its code', () => {
    expect(reasonText('bank-Z9', t)).toBe(reasonText('bank-05', t));
    expect(reasonText('something-new', t)).toContain('something-new');
    expect(tell(payment({ reason: 'bank-Z9' }), 'declined', t).code).toContain('Z9');
  });
});

test('a decline says why, that nothing was taken, and what to do', () => {
  const told = tell(payment({ state: 'declined', reason: 'bank-51' }), 'declined', en.t);
  expect(told.title).toBe('Not paid');
  expect(told.sentences).toEqual([
    'Declined by the issuer: not enough funds.',
    'The customer was not charged.',
    'Ask for another card, or cash.',
  ]);
});

test('an approved void is never told as a sale, nor a refused one as a payment not taken', () => {
  for (const state of ['sending', 'unknown', 'approved', 'declined', 'settled'] as const) {
    const outcome = outcomeOf(state, 'void');
    expect(['approved', 'declined']).not.toContain(outcome);
  }
  expect(tell(payment({ kind: 'void', state: 'approved' }), outcomeOf('approved', 'void'), en.t).title).toBe('Voided');
  const refused = tell(
    payment({ kind: 'void', state: 'declined', reason: 'bank-12' }),
    outcomeOf('declined', 'void'),
    en.t,
  );
  expect(refused.title).toBe('Not voided');
  expect(refused.sentences.join(' ')).not.toContain('not charged');
  expect(stateText(payment({ kind: 'void', state: 'approved' }), en.t)).toBe('Voided');
});

test('a payment that may have been taken never says that it was not', () => {
  for (const outcome of ['cancelling', 'unknown'] as const) {
    const said = tell(payment({ state: 'reversal-due', reason: 'no-answer' }), outcome, en.t).sentences.join(' ');
    expect(said).not.toContain('was not charged');
    expect(said).toMatch(/do not charge/i);
  }
});

test('a reason that a payment may have after it was sent does not say that nothing was', () => {
  // Cancelled while the bank was asked about it, too: the purchase had left.
  for (const words of [en, zh]) {
    for (const reason of ['customer-cancel', 'no-answer', 'wallet-not-paid', 'shown-expired', 'cancel-refused'])
      expect(reasonText(reason, words.t)).not.toMatch(/nothing was sent|not charged|没有发送|未被扣款/);
  }
});

test('who paid how, when, and how long ago', () => {
  expect(paidBy(payment({ scheme: 'unionpay', maskedPan: '621094******0119' }), en.t)).toBe('UnionPay ··0119');
  expect(paidBy(payment({ scheme: null, tender: 'cash', maskedPan: null }), zh.t)).toBe('现金');
  expect(paidBy(payment({ scheme: 'newpay', maskedPan: null }), en.t)).not.toContain('scheme.');
  const at = Date.UTC(2026, 10, 21, 16, 5, 9);
  expect(clockTime(at, 'Asia/Shanghai')).toBe('00:05');
  expect(fullTime(at, 'Asia/Shanghai')).toBe('2026-11-22 00:05:09');
  expect([0, 59_999, 60_000, 3_600_000, 200_000_000].map((ms) => span(ms, en.t))).toEqual([
    '0 s',
    '59 s',
    '1 min',
    '1 h',
    '2 d',
  ]);
});
