import { createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Acquirer, startAcquirer } from './acquirer.ts';
import { type Answer, field, readProfile, Terminal, text, type Wire } from './terminal.ts';

// UnionPay test number of the UnionPay trace in binaryfoo/emv-bertlv.
const pan = '6210948000000011';
const card = { pan, track2: `${pan}D35122010000000000`, expiry: '3512' };

let dir: string;
let bank: Acquirer;
let terminal: Terminal;
let stan: number;

interface Book {
  readonly payments: readonly {
    readonly mti: string;
    readonly stan: number;
    readonly rrn: string;
    readonly amount: number;
    readonly currency: string;
    readonly batch: number;
    readonly state: string;
    readonly code: string;
    readonly maskedPan: string | null;
    readonly scheme: string;
  }[];
  readonly totals: object;
  readonly closed: readonly number[];
}

const control = (name: string, input: object = {}) => {
  const run = bank.commands[name];
  if (run === undefined) throw new Error(name);
  return run(input);
};
const book = (batch?: number) => control('book', batch === undefined ? {} : { batch }) as Promise<Book>;
const rule = (input: object) => control('rule', { rule: input });
const states = async () => (await book()).payments.map((one) => one.state);

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'bank-'));
  bank = await startAcquirer({ dir });
  terminal = await Terminal.ready(bank.profile);
  stan = 100;
});

afterEach(async () => {
  terminal.end();
  await bank.close();
  rmSync(dir, { recursive: true, force: true });
});

/** One sale as the terminal remembers it. */
interface Sale {
  readonly stan: number;
  readonly rrn: string;
  readonly transmitted: string;
  readonly minor: number;
  readonly batch: number;
}

function newSale(minor: number, batch = 1): Sale {
  stan += 1;
  const six = String(stan).padStart(6, '0');
  return { stan, rrn: `260801${six}`, transmitted: `0801${six}`, minor, batch };
}

function head(sale: Sale, processing: string): Wire[] {
  return [
    field.processing(processing),
    field.transmitted(sale.transmitted),
    field.stan(sale.stan),
    field.rrn(sale.rrn),
    field.amount(sale.minor),
    field.currency('156'),
    field.batch(sale.batch),
    [25, '00'],
  ];
}

function iccData(minor: number): string {
  return `9F2608AABBCCDDEEFF00119F2701809F0206${String(minor).padStart(12, '0')}5F2A0201569F360200019F370411223344`;
}

async function cardFields(sale: Sale, secrets = card): Promise<Wire[]> {
  const sealed = field.presented(await terminal.seal(secrets));
  return [...head(sale, '000000'), [14, '3512'], [22, '0071'], [23, '0001'], sealed, field.icc(iccData(sale.minor))];
}

const codeFields = (sale: Sale, code: string): Wire[] => [...head(sale, '000000'), [22, '0031'], field.presented(code)];

const aboutFields = (sale: Sale, processing: string, mti: string, original: Sale): Wire[] => [
  ...head(sale, processing),
  field.original(mti, original.stan, original.transmitted),
];

const purchase = async (sale: Sale, secrets = card) => terminal.ask('0200', await cardFields(sale, secrets));
const reversal = (sale: Sale, mti = '0420') =>
  terminal.ask(mti, [...aboutFields(sale, '000000', '0200', sale), field.reason('68')]);
const voidOf = (own: Sale, original: Sale, mti = '0200', originalMti = '0200') =>
  terminal.ask(mti, aboutFields(own, '020000', originalMti, original));
const query = (original: Sale) =>
  terminal.ask('0100', aboutFields(newSale(original.minor), '380000', '0200', original));
const totals = (batch: number, counts: readonly [number, number, number, number]) =>
  terminal.ask('0500', [
    ...head(newSale(1, batch), '920000').filter(([number]) => number !== 4 && number !== 25),
    field.totals(counts.map((count, index) => String(count).padStart(index % 2 === 0 ? 10 : 12, '0')).join('')),
  ]);
const codeOf = async (input: object) => ((await control('code', input)) as { code: string }).code;

describe('the line', () => {
  test('sign-on gives a session key, and echo is answered under it', async () => {
    const echo = await terminal.ask('0800', [
      field.processing('990000'),
      field.transmitted('0801021530'),
      field.stan(2),
    ]);
    expect(echo).toMatchObject({ mti: '0810', code: '00' });
    expect(terminal.macFits(echo)).toBe(true);
    const before = terminal.key;
    await terminal.signOn();
    expect(terminal.key.equals(before)).toBe(false);
  });

  test('a client without a certificate gets no further', async () => {
    const stranger = await Terminal.open(bank.profile, false);
    expect(await stranger.gone).toBe('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED');
  });

  test('a message before the sign-on closes the connection', async () => {
    const other = await Terminal.open(bank.profile);
    other.send('0800', [field.processing('990000'), field.transmitted('0801021530'), field.stan(2)]);
    expect(await other.gone).toBeUndefined();
  });

  test('a bad MAC is answered A0 and nothing is done', async () => {
    const bytes = terminal.bytes('0200', await cardFields(newSale(1280)));
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    terminal.sendBytes(bytes);
    expect((await terminal.answer()).code).toBe('A0');
    expect((await book()).payments).toEqual([]);
  });

  test('an unknown terminal is answered 97, a missing field 30, garbage closes', async () => {
    const stranger: Wire = [41, Buffer.from('T9999999').toString('hex')];
    expect((await terminal.ask('0200', [...(await cardFields(newSale(1280))), stranger])).code).toBe('97');
    expect((await terminal.ask('0200', head(newSale(1280), '000000'))).code).toBe('30');
    terminal.sendBytes(Buffer.from('not a message'));
    expect(await terminal.gone).toBeUndefined();
  });

  test('many requests in flight are each answered once', async () => {
    const sales = await Promise.all(Array.from({ length: 40 }, () => cardFields(newSale(100))));
    for (const sale of sales) terminal.send('0200', sale);
    const answers: Answer[] = [];
    while (answers.length < sales.length) answers.push(await terminal.answer());
    expect(new Set(answers.map((answer) => answer.raw.get(11))).size).toBe(40);
    expect((await book()).totals).toMatchObject({ debitCount: 40, debitMinor: 4000 });
  });
});

describe('payments', () => {
  test('an approved purchase repeats the request and carries an authorization code', async () => {
    const sale = newSale(1280);
    const answer = await purchase(sale);
    expect(answer).toMatchObject({ mti: '0210', code: '00' });
    expect(terminal.macFits(answer)).toBe(true);
    expect(text(answer, 37)).toBe(sale.rrn);
    expect(text(answer, 38)).toMatch(/^\d{6}$/);
    expect(answer.raw.get(4)).toBe('000000001280');
    expect([...answer.raw.keys()]).toEqual([3, 4, 7, 11, 12, 13, 24, 37, 38, 39, 41, 42, 49, 55, 60, 64]);
    expect(answer.raw.get(55)).toMatch(/^0016910a[0-9a-f]{16}30308a023030$/);
    expect((await book()).payments).toMatchObject([
      { mti: '0200', stan: sale.stan, rrn: sale.rrn, amount: 1280, currency: 'CNY', batch: 1, state: 'approved' },
    ]);
  });

  test.each([
    [1051, '51'],
    [1005, '05'],
    [5_000_001, '61'],
  ])('an amount of %i is refused with %s', async (minor, code) => {
    expect((await purchase(newSale(minor))).code).toBe(code);
    expect(await states()).toEqual(['declined']);
  });

  test('a wrong number, an expired card, a foreign seal and an amount that is not the card’s are refused', async () => {
    const wrong = '6210948000000012';
    expect((await purchase(newSale(100), { ...card, pan: wrong, track2: `${wrong}D3512` })).code).toBe('14');
    const old = { ...card, expiry: '2001', track2: `${pan}D2001201` };
    expect((await purchase(newSale(100), old)).code).toBe('54');
    const sale = newSale(100);
    const fields = await cardFields(sale);
    const other = fields.map((one): Wire => (one[0] === 55 ? field.icc(iccData(99)) : one));
    expect((await terminal.ask('0200', other)).code).toBe('13');
    const unsealed = (await cardFields(newSale(100))).map((one): Wire => (one[0] === 48 ? field.presented('x') : one));
    expect((await terminal.ask('0200', unsealed)).code).toBe('30');
  });

  test('a repeat gets the first answer, the same numbers with another amount get 94', async () => {
    const sale = newSale(1280);
    const first = await purchase(sale);
    const second = await terminal.ask('0201', await cardFields(sale));
    expect(second.raw.get(38)).toBe(first.raw.get(38));
    expect((await purchase({ ...sale, minor: 1281 })).code).toBe('94');
    expect((await book()).payments).toHaveLength(1);
  });

  test('an advice is taken as it comes, or refused late', async () => {
    expect((await terminal.ask('0220', await cardFields(newSale(1205)))).code).toBe('00');
    const late = newSale(1261);
    expect(await terminal.ask('0220', await cardFields(late))).toMatchObject({ mti: '0230', code: '61' });
    expect((await terminal.ask('0221', await cardFields(late))).code).toBe('61');
    expect(await states()).toEqual(['approved', 'declined']);
  });
});

describe('reversals and voids', () => {
  test('a reversal takes a payment back, as often as it is told', async () => {
    const sale = newSale(1280);
    await purchase(sale);
    expect(await reversal(sale)).toMatchObject({ mti: '0430', code: '00' });
    expect((await reversal(sale, '0421')).code).toBe('00');
    expect(await states()).toEqual(['reversed']);
    expect((await book(1)).totals).toEqual({ debitCount: 0, debitMinor: 0, creditCount: 0, creditMinor: 0 });
  });

  test('a reversal of a declined payment changes nothing', async () => {
    const sale = newSale(1051);
    await purchase(sale);
    expect((await reversal(sale)).code).toBe('00');
    expect(await states()).toEqual(['declined']);
  });

  test('a reversal that overtakes its original is answered 25; the original is approved, the repeat takes it back', async () => {
    const sale = newSale(1280);
    expect((await reversal(sale)).code).toBe('25');
    expect((await purchase(sale)).code).toBe('00');
    expect(await states()).toEqual(['approved']);
    expect((await reversal(sale, '0421')).code).toBe('00');
    expect(await states()).toEqual(['reversed']);
  });

  test('a reversal of another amount is refused', async () => {
    const sale = newSale(1280);
    await purchase(sale);
    expect((await reversal({ ...sale, minor: 1279 })).code).toBe('13');
    expect(await states()).toEqual(['approved']);
  });

  test('a void counts as credit once, whatever is repeated', async () => {
    const sale = newSale(1280);
    const own = newSale(1280);
    await purchase(sale);
    expect(await voidOf(own, sale)).toMatchObject({ mti: '0210', code: '00' });
    expect((await voidOf(own, sale, '0201')).code).toBe('00');
    expect((await voidOf(newSale(1280), sale)).code).toBe('12');
    expect((await reversal(sale)).code).toBe('12');
    expect((await voidOf(newSale(1280), newSale(1280))).code).toBe('25');
    expect((await book(1)).totals).toEqual({ debitCount: 1, debitMinor: 1280, creditCount: 1, creditMinor: 1280 });
  });

  test('an advice can be voided', async () => {
    const sale = newSale(1280);
    await terminal.ask('0220', await cardFields(sale));
    expect((await voidOf(newSale(1280), sale, '0200', '0220')).code).toBe('00');
    expect(await states()).toEqual(['voided']);
  });
});

describe('wallet codes', () => {
  test('a code pays once', async () => {
    const code = await codeOf({ scheme: 'alipay' });
    expect(code).toMatch(/^(2[5-9]|30)\d{14,22}$/);
    expect((await terminal.ask('0200', codeFields(newSale(1280), `alipay=${code}`))).code).toBe('00');
    expect((await terminal.ask('0200', codeFields(newSale(1280), `alipay=${code}`))).code).toBe('14');
    expect((await book()).payments[0]).toMatchObject({ scheme: 'alipay', maskedPan: null, state: 'approved' });
  });

  test('a code that nobody issued pays when its form is right', async () => {
    expect((await terminal.ask('0200', codeFields(newSale(1280), 'wechat=135112298638468293'))).code).toBe('00');
    expect((await terminal.ask('0200', codeFields(newSale(1280), 'wechat=285112298638468293'))).code).toBe('14');
    expect((await terminal.ask('0200', codeFields(newSale(1280), 'elsewhere=135112298638468293'))).code).toBe('14');
  });

  test('a customer who refuses, one who takes time, one who never answers', async () => {
    const refuses = await codeOf({ scheme: 'wechat', behaviour: 'declines' });
    expect((await terminal.ask('0200', codeFields(newSale(1280), `wechat=${refuses}`))).code).toBe('05');

    const slow = newSale(1280);
    const slowCode = await codeOf({ scheme: 'unionpay-code', behaviour: 'slow', ms: 150 });
    expect((await terminal.ask('0200', codeFields(slow, `unionpay-code=${slowCode}`))).code).toBe('09');
    expect((await query(slow)).code).toBe('09');
    await expect.poll(async () => (await query(slow)).code).toBe('00');

    const never = newSale(1280);
    const neverCode = await codeOf({ scheme: 'e-cny', behaviour: 'never' });
    expect((await terminal.ask('0200', codeFields(never, `e-cny=${neverCode}`))).code).toBe('09');
    expect((await reversal(never)).code).toBe('00');
    expect((await query(never)).code).toBe('12');
    expect((await query(newSale(1280))).code).toBe('25');
    expect(await states()).toEqual(['declined', 'approved', 'reversed']);
  });
});

describe('totals', () => {
  test('agreeing closes the batch; differing does not', async () => {
    const sale = newSale(1280);
    await purchase(sale);
    await purchase(newSale(720));
    await voidOf(newSale(1280), sale);
    const differs = await totals(1, [2, 2000, 0, 0]);
    expect(differs).toMatchObject({ mti: '0510', code: '95' });
    expect(text(differs, 63, 2)).toBe('00000000020000000020000000000001000000001280');
    expect((await book()).closed).toEqual([]);
    expect((await totals(1, [2, 2000, 1, 1280])).code).toBe('00');
    expect((await book()).closed).toEqual([1]);
    expect((await totals(1, [2, 2000, 1, 1280])).code).toBe('00');
  });

  test('nothing more happens in a closed batch; the next one is open', async () => {
    const sale = newSale(1280);
    await purchase(sale);
    await totals(1, [1, 1280, 0, 0]);
    expect((await purchase(newSale(500))).code).toBe('12');
    expect((await voidOf(newSale(1280), sale)).code).toBe('12');
    expect((await reversal(sale)).code).toBe('12');
    expect((await purchase(sale)).code).toBe('00');
    expect((await purchase(newSale(500, 2))).code).toBe('00');
    expect((await book(1)).totals).toMatchObject({ debitCount: 1, debitMinor: 1280 });
    expect((await book(2)).totals).toMatchObject({ debitCount: 1, debitMinor: 500 });
  });

  test('a wallet payment that still waits is refused when its batch closes', async () => {
    const sale = newSale(1280);
    const never = await codeOf({ scheme: 'alipay', behaviour: 'never' });
    await terminal.ask('0200', codeFields(sale, `alipay=${never}`));
    expect((await totals(1, [0, 0, 0, 0])).code).toBe('00');
    expect((await query(sale)).code).toBe('05');
  });
});

describe('faults', () => {
  test('a dropped request is not executed, a dropped answer is', async () => {
    await rule({ on: '0200', do: 'drop-request' });
    await rule({ on: '0200', do: 'drop-answer' });
    terminal.send('0200', await cardFields(newSale(100)));
    await expect(terminal.answer(200)).rejects.toThrow('no answer');
    expect(await states()).toEqual([]);
    const sale = newSale(200);
    terminal.send('0200', await cardFields(sale));
    await expect(terminal.answer(200)).rejects.toThrow('no answer');
    expect(await states()).toEqual(['approved']);
    expect((await purchase(newSale(300))).code).toBe('00');
    expect(await control('rules')).toEqual({ rules: [] });
  });

  test('a delayed request is executed late, a delayed answer at once', async () => {
    await rule({ on: '0200', do: 'delay-request', ms: 300 });
    const sale = newSale(100);
    terminal.send('0200', await cardFields(sale));
    expect((await reversal(sale)).code).toBe('25');
    expect((await terminal.answer()).code).toBe('00');
    expect(await states()).toEqual(['approved']);
    await rule({ on: '0420', do: 'delay', ms: 300 });
    terminal.send('0421', [...aboutFields(sale, '000000', '0200', sale), field.reason('68')]);
    await expect.poll(states, { timeout: 250, interval: 10 }).toEqual(['reversed']);
    expect((await terminal.answer()).code).toBe('00');
  });

  test('a refusal on request, for one card only', async () => {
    await rule({ on: '0200', do: 'decline', code: '43', pan: '9999' });
    await rule({ on: '0200', do: 'decline', code: '41', pan: '0011', times: 2 });
    expect((await purchase(newSale(100))).code).toBe('41');
    expect((await purchase(newSale(100))).code).toBe('41');
    expect((await purchase(newSale(100))).code).toBe('00');
    expect(await states()).toEqual(['declined', 'declined', 'approved']);
    expect(await control('rules', { clear: true })).toEqual({ rules: [] });
  });

  test('a refused reversal is not executed and can be told again', async () => {
    const sale = newSale(100);
    await purchase(sale);
    await rule({ on: '0420', do: 'decline', code: '96' });
    expect((await reversal(sale)).code).toBe('96');
    expect(await states()).toEqual(['approved']);
    expect((await reversal(sale, '0421')).code).toBe('00');
  });

  test('wrong totals on request', async () => {
    await rule({ on: '0500', do: 'decline', code: '95' });
    expect((await totals(1, [0, 0, 0, 0])).code).toBe('95');
    expect((await totals(1, [0, 0, 0, 0])).code).toBe('00');
  });

  test('wrong MAC, wrong amount, an answer twice', async () => {
    await rule({ on: '0200', do: 'wrong-mac' });
    const forged = await purchase(newSale(100));
    expect(terminal.macFits(forged)).toBe(false);
    await rule({ on: '0200', do: 'wrong-amount' });
    const more = await purchase(newSale(100));
    expect(terminal.macFits(more)).toBe(true);
    expect(more.raw.get(4)).toBe('000000000101');
    await rule({ on: '0200', do: 'duplicate' });
    const first = await purchase(newSale(100));
    expect((await terminal.answer()).raw.get(11)).toBe(first.raw.get(11));
    expect((await book()).totals).toMatchObject({ debitCount: 3 });
  });

  test('a bank that is away neither answers nor executes', async () => {
    await control('bank', { up: false });
    terminal.send('0200', await cardFields(newSale(100)));
    await expect(terminal.answer(200)).rejects.toThrow('no answer');
    await control('bank', { up: true });
    expect(await states()).toEqual([]);
    expect((await purchase(newSale(100))).code).toBe('00');
  });

  test('a bank that goes away forgets what it was still to do', async () => {
    await rule({ on: '0200', do: 'delay-request', ms: 1500 });
    await rule({ on: '0200', do: 'delay', ms: 1500 });
    terminal.send('0200', await cardFields(newSale(100)));
    terminal.send('0200', await cardFields(newSale(200)));
    await expect.poll(states, { interval: 10 }).toEqual(['approved']);
    await control('bank', { up: false });
    await expect(terminal.answer(2000)).rejects.toThrow('no answer');
    expect(await states()).toEqual(['approved']);
  });

  test('a cut line resets connections and refuses new ones; mended, it is the same port', async () => {
    await control('line', { up: false });
    expect(await terminal.gone).toBe('ECONNRESET');
    expect(bank.state()).toEqual({ line: false, bank: true });
    await expect(Terminal.open(bank.profile)).rejects.toThrow('ECONNREFUSED');
    await control('line', { up: true });
    terminal = await Terminal.ready(bank.profile);
    expect((await purchase(newSale(100))).code).toBe('00');
  });

  test('a rule that is none is refused', async () => {
    await expect(rule({ on: '0200', do: 'explode' })).rejects.toThrow();
    await expect(rule({ on: '0200', do: 'delay', ms: -1 })).rejects.toThrow();
  });
});

describe('the folder', () => {
  test('the profile is signed over its canonical form', () => {
    const file = JSON.parse(readFileSync(bank.profile, 'utf8'));
    const sorted = (value: unknown): unknown =>
      value !== null && typeof value === 'object' && !Array.isArray(value)
        ? Object.fromEntries(
            Object.entries(value)
              .sort(([a], [b]) => (a < b ? -1 : 1))
              .map(([key, item]) => [key, sorted(item)]),
          )
        : Array.isArray(value)
          ? value.map(sorted)
          : value;
    const bytes = Buffer.from(JSON.stringify(sorted(file.profile)));
    const signer = createPublicKey({ key: file.signer, format: 'jwk' });
    expect(verify(null, bytes, signer, Buffer.from(file.signature, 'base64url'))).toBe(true);
    expect(file.signer).not.toHaveProperty('d');
    expect(file.profile.sealing.jwk).not.toHaveProperty('d');
  });

  test('book, keys and port are there again after a restart, and terms can be changed', async () => {
    const sale = newSale(1280);
    await purchase(sale);
    const before = readProfile(bank.profile);
    const port = bank.port;
    await bank.close();
    bank = await startAcquirer({ dir, terms: { timers: { responseMs: 700 } } });
    expect(bank.port).toBe(port);
    const after = JSON.parse(readFileSync(bank.profile, 'utf8')).profile;
    expect(after).toMatchObject({ masterKey: before.masterKey, timers: { responseMs: 700, connectMs: 3000 } });
    terminal = await Terminal.ready(bank.profile);
    expect((await purchase(sale)).code).toBe('00');
    expect(await states()).toEqual(['approved']);
  });

  test('no file holds a card number or a wallet code', async () => {
    const code = await codeOf({ scheme: 'alipay' });
    await purchase(newSale(1280));
    await terminal.ask('0200', codeFields(newSale(1280), `alipay=${code}`));
    expect((await book()).payments[0]?.maskedPan).toBe('621094******0011');
    for (const name of readdirSync(dir)) {
      const bytes = readFileSync(join(dir, name));
      expect(bytes.includes(pan), name).toBe(false);
      expect(bytes.includes(code), name).toBe(false);
    }
  });
});
