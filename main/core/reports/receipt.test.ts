import { expect, test } from 'vitest';
import { money } from '../../../contract/money.ts';
import { PaymentState } from '../../../contract/payment.ts';
import { preview } from '../../../drivers/printer/layout.ts';
import { createWords, type WordsLanguage } from '../../../renderer/words/words.ts';
import type { Payment } from '../payment/payment.ts';
import { payment } from '../payment/test/given.ts';
import { paymentReceipt, type ReceiptContext, testReceipt } from './receipt.ts';

const languages: readonly WordsLanguage[] = ['zh-CN', 'en'];

function context(language: WordsLanguage, change: Partial<ReceiptContext> = {}): ReceiptContext {
  return {
    words: createWords(language),
    store: {
      name: '街角咖啡 Corner Café',
      terminal: '01',
      dayCut: '04:00',
      zone: 'Asia/Shanghai',
      currency: 'CNY',
      language,
    },
    terminalId: 'T0000001',
    merchantId: 'M00000000000001',
    virtual: false,
    head: { seq: 42, hash: 'deadbeef'.repeat(8) },
    copy: false,
    ...change,
  };
}

const sold = payment({
  state: 'approved',
  tender: 'contactless',
  scheme: 'visa',
  // First six and last four, as the kernel hands it on (a published Visa test number).
  maskedPan: '476173******0010',
  label: 'VISA CREDIT',
  aid: 'A0000000031010',
  authCode: '000001',
  batch: 3,
  amount: money(128_000, 'CNY'),
});

function printed(of: Payment, language: WordsLanguage, change: Partial<ReceiptContext> = {}): string {
  return preview(paymentReceipt(of, context(language, change)), 48);
}

test.each(languages)('a receipt in %s has every number and no word missing', (language) => {
  const text = printed(sold, language);
  for (const part of ['街角咖啡', '01-000001', '2026-08-01 10:00:00', '￥1,280.00', 'A0000000031010', '621302000001']) {
    expect(text).toContain(part);
  }
  expect(text).toContain('**** 0010');
  expect(text, 'short hash of the journal’s head').toContain('42 deadbeef');
  expect(text, 'a key instead of a word').not.toMatch(/(receipt|scheme|person|report)\.[a-z]/i);
});

test.each(languages)('at most the last four digits of a card stand on paper in %s', (language) => {
  const text = printed(sold, language);
  expect(text).not.toContain('476173');
  expect(text.replace(/A0000000031010|M0*1|T0*1|621302000001/g, '')).not.toMatch(/\d{7,}/);
});

test.each([
  ['approved', 'purchase', 'APPROVED', '交易成功'],
  ['saf-approved', 'purchase', 'APPROVED', '交易成功'],
  ['settled', 'purchase', 'APPROVED', '交易成功'],
  ['void-due', 'purchase', 'APPROVED', '交易成功'],
  ['saf-accepted', 'purchase', 'Taken offline', '待银行确认'],
  ['saf-unknown', 'purchase', 'Taken offline', '待银行确认'],
  ['saf-declined', 'purchase', 'DECLINED', '未扣款'],
  ['voided', 'purchase', 'VOIDED', '已撤销'],
  ['saf-voided', 'purchase', 'VOIDED, never sent', '已撤销，未扣款'],
  ['authorized', 'pre-authorization', 'HELD, not charged yet', '尚未扣款'],
  ['completing', 'pre-authorization', 'completion is under way', '正在完成'],
  ['completed', 'pre-authorization', 'completed since', '后已完成扣款'],
  ['reversal-due', 'pre-authorization', 'BEING CANCELLED', '正在撤回'],
  ['reversed', 'pre-authorization', 'CANCELLED, not charged', '已取消，未扣款'],
  ['unknown', 'void', 'NOT KNOWN', '结果尚未确定'],
  ['unknown', 'refund', 'NOT KNOWN', '结果尚未确定'],
  ['declined', 'void', 'nothing goes back', '未退回'],
  ['declined', 'refund', 'nothing goes back', '未退回'],
  ['approved', 'void', 'VOIDED', '已撤销'],
] as const)('%s of a %s says %s and %s', (state, kind, english, chinese) => {
  expect(printed({ ...sold, state, kind }, 'en')).toContain(english);
  expect(printed({ ...sold, state, kind }, 'zh-CN')).toContain(chinese);
});

test('no paper says an outcome that the payment has not', () => {
  const final: Record<string, readonly PaymentState[]> = {
    'APPROVED|交易成功': ['approved', 'saf-approved', 'settled', 'void-due'],
    'DECLINED|交易失败': ['declined', 'saf-declined', 'saf-expired'],
    'VOIDED|已撤销': ['voided', 'saf-voided'],
    'REFUNDED|已退款': ['refunded'],
    'not charged|未扣款': [
      'declined',
      'saf-declined',
      'saf-expired',
      'saf-voided',
      'reversed',
      'cancelled',
      'abandoned',
      'authorized',
    ],
  };
  for (const state of PaymentState.options) {
    for (const language of languages) {
      const text = printed({ ...sold, state }, language);
      for (const [words, states] of Object.entries(final))
        if (new RegExp(words).test(text)) expect(states, `${words} of ${state}`).toContain(state);
    }
  }
});

test('what was accepted offline never says that it was approved', () => {
  for (const state of ['saf-accepted', 'saf-sending', 'saf-unknown'] as const) {
    expect(printed({ ...sold, state }, 'en')).not.toContain('APPROVED');
    expect(printed({ ...sold, state }, 'zh-CN')).not.toContain('交易成功');
  }
});

test('a second print says so in both languages, a first one does not', () => {
  for (const language of languages) {
    expect(printed(sold, language)).not.toMatch(/DUPLICATE|重印/);
    expect(printed(sold, language, { copy: true })).toContain('重印 DUPLICATE');
  }
});

test('a void names the receipt that it takes back', () => {
  const text = printed({ ...sold, kind: 'void', receiptNo: '01-000002' }, 'en', { originalNo: '01-000001' });
  expect(text).toMatch(/Original receipt\s+01-000001/);
});

test('cash has no card, no RRN and no authorization', () => {
  const cash = payment({ state: 'approved', tender: 'cash', scheme: 'cash' });
  const text = printed(cash, 'en');
  expect(text).not.toMatch(/RRN|STAN|Authorization|Card/);
  expect(text).toContain('￥12.80');
});

test('the virtual counter says that no money moves', () => {
  expect(printed(sold, 'en', { virtual: true })).toContain('no real payment');
  expect(printed(sold, 'en')).not.toContain('no real payment');
});

test('the test print shows both scripts', () => {
  const text = preview(testReceipt(context('en')), 48);
  expect(text).toContain('中文对齐');
  expect(text).toContain('￥1,280.00');
});
