import { expect, test } from 'vitest';
import { Outcome, outcomeOf, PaymentState } from './payment.ts';
import { ToCore } from './process.ts';
import { Refusal, RefusalCode } from './refusal.ts';
import { Person, Pin, Role, Session } from './role.ts';
import { PartInput } from './sale.ts';
import { type Access, terminal } from './terminal.ts';

test('a PIN is six ASCII digits', () => {
  expect(Pin.safeParse('135790').success).toBe(true);
  for (const pin of ['', '12345', '1234567', '12345a', '１２３４５６', ' 123456', '123456\n', 123456]) {
    expect(Pin.safeParse(pin).success, String(pin)).toBe(false);
  }
});

test('a session names a known person and role and nothing else', () => {
  expect(Session.safeParse({ person: 'cashier', role: 'cashier' }).success).toBe(true);
  expect(Session.safeParse({ person: 'root', role: 'cashier' }).success).toBe(false);
  expect(Session.safeParse({ person: 'cashier', role: 'admin' }).success).toBe(false);
  expect(Session.safeParse({ person: 'cashier', role: 'cashier', more: 1 }).success).toBe(false);
  expect(Person.options.every((person) => Role.safeParse(person).success)).toBe(true);
});

test('a refusal has a code that the screens know', () => {
  expect(Refusal.safeParse({ code: 'locked-out', waitMs: 10 }).success).toBe(true);
  expect(Refusal.safeParse({ code: 'because' }).success).toBe(false);
  expect(Refusal.safeParse({ code: 'locked-out', waitMs: 0.5 }).success).toBe(false);
  expect(new Set(RefusalCode.options).size).toBe(RefusalCode.options.length);
});

test('a charge is a key and an amount, closed', () => {
  const key = '0198f0a0-0000-7000-8000-000000000001';
  const amount = { minor: 1280, currency: 'CNY' };
  expect(PartInput.safeParse({ key, amount }).success).toBe(true);
  for (const bad of [
    { key: 'x', amount },
    { key },
    { key, amount, tip: 1 },
    { key, amount: { minor: 0, currency: 'CNY' } },
    { key, amount: { minor: -1, currency: 'CNY' } },
    { key, amount: { minor: 12.8, currency: 'CNY' } },
    { key, amount: { minor: Number.NaN, currency: 'CNY' } },
    { key, amount: { minor: 1e13, currency: 'CNY' } },
    { key, amount: { minor: 1280, currency: 'BTC' } },
  ]) {
    expect(PartInput.safeParse(bad).success, JSON.stringify(bad)).toBe(false);
  }
});

test('only money that moved or will move is shown as a success', () => {
  const good = PaymentState.options.filter((state) => ['approved', 'offline'].includes(outcomeOf(state)));
  expect(good.sort()).toEqual(['approved', 'saf-accepted', 'saf-approved', 'saf-sending', 'saf-unknown', 'settled']);
  for (const state of PaymentState.options) expect(Outcome.options).toContain(outcomeOf(state));
  // A void that came through is no sale, and one that did not is no decline of one.
  for (const state of ['sending', 'unknown', 'approved', 'declined', 'settled'] as const) {
    expect(['approved', 'offline', 'declined']).not.toContain(outcomeOf(state, 'void'));
  }
});

test('the shell may hand over ports and say stop, nothing else', () => {
  expect(ToCore.safeParse({ type: 'port', window: 'customer' }).success).toBe(true);
  expect(ToCore.safeParse({ type: 'port', window: 'other' }).success).toBe(false);
  expect(ToCore.safeParse({ type: 'approve' }).success).toBe(false);
  expect(ToCore.safeParse({ type: 'stop', now: true }).success).toBe(false);
});

/** Every call of the contract with who may make it. */
function calls(): (readonly [string, Access])[] {
  return Object.entries(terminal).flatMap(([area, group]) =>
    Object.entries(group).map(([name, call]) => [`${area}.${name}`, call['~orpc'].meta] as const),
  );
}

test('every call names who may make it', () => {
  for (const [name, access] of calls()) {
    expect(access.roles === 'anyone' || access.roles.length > 0, name).toBe(true);
  }
});

test('money is moved by signed-in people alone, and the customer display may look and choose its card’s application', () => {
  for (const [name, access] of calls()) {
    if (/^(sale|payments|queue|day)\./.test(name)) expect(access.roles, name).not.toBe('anyone');
    if (access.customerDisplay) expect(['counter.customer', 'counter.choose']).toContain(name);
    if (name.startsWith('day.')) expect(access.roles).toEqual(['owner']);
  }
  const technician = calls().filter(([, { roles }]) => roles !== 'anyone' && roles.includes('technician'));
  for (const [name] of technician) expect(name).toMatch(/^(devices|keys|messages)\./);
});
