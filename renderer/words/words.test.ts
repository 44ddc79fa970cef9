import { describe, expect, test } from 'vitest';
import { Language, Notice, Prompt, TagView } from '../../contract/counter.ts';
import { Attention } from '../../contract/day.ts';
import { DeviceView, VirtualStatus } from '../../contract/device.ts';
import { Outcome, PaymentKind, PaymentState, PaymentView, PrintState, Tender } from '../../contract/payment.ts';
import { DifferenceReason, LineKind, StatementFault, Verdict } from '../../contract/reconciliation.ts';
import { RefusalCode } from '../../contract/refusal.ts';
import { Person } from '../../contract/role.ts';
import { catalogues, createWords } from './words.ts';

type Node = { readonly [key: string]: string | Node };

function flatten(node: Node, path = ''): Map<string, string> {
  const words = new Map<string, string>();
  for (const [key, value] of Object.entries(node)) {
    const at = path === '' ? key : `${path}.${key}`;
    if (typeof value === 'string') words.set(at, value);
    else for (const [inner, text] of flatten(value, at)) words.set(inner, text);
  }
  return words;
}

/** English has a singular where Chinese has none. */
const plain = (key: string) => key.replace(/_(one|other)$/, '');
const zh = flatten(catalogues['zh-CN']);
const en = flatten(catalogues.en);
const known = new Set([...zh.keys()].map(plain));
const placeholders = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]).sort();

const linkFaults =
  'refused unreachable timed-out untrusted-host client-refused closed sign-on-refused no-key protocol stopped';
const parameterFaults = 'damaged forged foreign older invalid'
  .split(' ')
  .map((fault) => `parameters-${fault}`)
  .join(' ');
const deviceStates = {
  reader: 'ready absent no-daemon unresponsive collision unknown',
  scanner: 'ready absent',
  printer: 'ready paper-near-end paper-end cover-open offline error no-answer not-configured',
  drawer: 'ready open unavailable',
  bank: `online connecting on-backup meddled ${linkFaults} ${parameterFaults}`,
  storage: 'sound low damaged',
  clock: 'ready suspect',
} satisfies Record<DeviceView['kind'], string>;
const bankCodes = '01 05 12 13 14 30 41 43 51 54 57 61 65 91 94 96 97 A0';
const reasons = `not-a-payment-card no-supported-application application-blocked use-another-interface amount-above-limit
  card-data-invalid mag-stripe-mode live-card reader-untrusted card-declined card-blocked nothing-chosen card-expired not-yet-effective terminal-declined oda-failed torn see-phone
  one-card-only timed-out offline-disabled offline-over-single offline-over-total offline-over-count offline-card-seen
  offline-not-deferrable offline-too-old code-needs-line customer-cancel no-answer not-sent restarted card-not-presented
  late-decline wallet-not-paid cancel-refused`;

const stopping = `sales-stopped store-failed data-damaged core-crashing profile-missing profile-damaged data-in-use data-newer
  record-rolled-back disk-full`;

const spaced = (text: string) => text.trim().split(/\s+/);
const nextStep = PaymentView.shape.next.unwrap().shape.what.options;

const needed: Record<string, readonly string[]> = {
  refusal: RefusalCode.options,
  prompt: Prompt.options,
  notice: Notice.shape.code.options,
  noticeRemedy: Notice.shape.code.options,
  outcome: Outcome.options,
  state: PaymentState.options,
  print: PrintState.options,
  tender: Tender.options,
  next: nextStep,
  person: Person.options,
  attention: Attention.shape.code.options,
  line: ['online', 'connecting', 'offline', ...spaced(linkFaults)],
  stopped: spaced(stopping),
  reason: [...spaced(reasons), ...spaced(bankCodes).map((code) => `bank-${code}`)],
  'reconciliation.reason': DifferenceReason.options,
  'reconciliation.next': DifferenceReason.options,
  'reconciliation.fault': StatementFault.options,
  'reconciliation.verdict': Verdict.options,
  'reconciliation.kind': LineKind.options,
  'receipt.kind': PaymentKind.options,
  'device.kind': DeviceView.shape.kind.options,
  test: DeviceView.shape.tests.element.options,
  virtual: VirtualStatus.shape.printer.options,
  'reader.class': DeviceView.shape.reader.unwrap().shape.class.options,
  'reader.use': DeviceView.shape.reader.unwrap().shape.use.options,
  tag: TagView.shape.kind.options,
  scheme: ['unionpay', 'visa', 'mastercard', 'jcb', 'wallet', 'alipay', 'wechat', 'unionpay-code', 'e-cny', 'cash'],
};

describe('both catalogues', () => {
  test('hold the same keys', () => {
    expect([...new Set([...en.keys()].map(plain))].sort()).toEqual([...known].sort());
  });

  test('leave no word empty and no word untranslated by accident', () => {
    for (const [key, text] of [...zh, ...en]) expect(text.trim(), key).not.toBe('');
    for (const [key, text] of en) expect(/[\u4e00-\u9fff]/.test(text) && !key.startsWith('language.'), key).toBe(false);
  });

  test('fill the same places', () => {
    for (const [key, text] of zh) {
      const other = en.get(key);
      if (other !== undefined) expect(placeholders(other), key).toEqual(placeholders(text));
    }
  });

  test.each(Object.entries(needed))('have a word for every %s', (area, codes) => {
    expect(codes.filter((code) => !known.has(`${area}.${code}`))).toEqual([]);
  });

  test.each(Object.entries(deviceStates))('say state and remedy of every %s', (kind, states) => {
    for (const state of spaced(states)) {
      expect(known, state).toContain(`device.${kind}.${state}`);
      expect(known, state).toContain(`remedy.${kind}.${state}`);
    }
  });
});

test('words are there at once, in the language asked for, and change at once', async () => {
  expect(Object.keys(catalogues)).toEqual(Language.options);
  const words = createWords('en');
  expect(words.t('pad.charge')).toBe('Charge');
  expect(words.t('common.payments', { count: 1 })).toBe('1 payment');
  expect(words.t('common.payments', { count: 2 })).toBe('2 payments');
  await words.changeLanguage('zh-CN');
  expect(words.t('pad.charge')).toBe('收款');
  expect(words.t('common.payments', { count: 1 })).toBe('1 笔');
});
