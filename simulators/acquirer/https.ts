import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import type { Rule } from './faults.ts';
import { dataForCard } from './forcard.ts';
import { currencies, type Verdict } from './host.ts';
import type { Identity } from './identity.ts';
import { resetOf } from './line.ts';
import type { Kind, Request, Totals } from './request.ts';
import { totalsText } from './request.ts';
import { type Bank, nowOf, verdictOf } from './session.ts';
import type { Fields } from './wire.ts';

/** The bank over HTTPS (docs/bank-link.md, "The link https"): the same book and the same faults as over ISO 8583. */

const whole = z.int().min(0);
const Trace = z.object({
  terminal: z.string().max(8),
  merchant: z.string().max(15),
  stan: z.int().min(1).max(999_999),
  rrn: z.string().length(12),
  at: z.iso.datetime(),
  batch: whole.max(999_999),
});
const Presented = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('code'), scheme: z.string(), code: z.string() }),
  z.strictObject({
    kind: z.literal('card'),
    sealed: z.string(),
    expiry: z.string(),
    iccData: z.string(),
    panSequence: z.string().optional(),
  }),
]);
const About = z.strictObject({
  kind: z.enum(['purchase', 'advice', 'pre-authorization']),
  stan: z.int(),
  rrn: z.string(),
  at: z.iso.datetime(),
  batch: whole,
  authCode: z.string().optional(),
  hostRrn: z.string().optional(),
});
const Charge = z.strictObject({
  rrn: z.string().min(1).max(12),
  day: z.iso.date(),
  stan: z.int().min(1).max(999_999).optional(),
});
const Sum = z.strictObject({ debitCount: whole, debit: whole, creditCount: whole, credit: whole });
const Body = z.strictObject({
  ...Trace.shape,
  amount: whole.optional(),
  currency: z.string(),
  presented: Presented.optional(),
  original: About.optional(),
  charge: Charge.optional(),
  totals: Sum.optional(),
  record: z.enum(['purchase', 'advice', 'completion', 'void', 'refund']).optional(),
  count: whole.optional(),
  head: z.strictObject({ seq: whole, hash: z.string() }).optional(),
});
type Body = z.infer<typeof Body>;

/** Path → what it is, the class and processing code under which the book knows it, and what its body must have. */
const paths: Readonly<Record<string, readonly [Kind, string, string, ...(keyof Body)[]]>> = {
  '/v1/purchases': ['purchase', '0200', '000000', 'amount', 'presented'],
  '/v1/advices': ['advice', '0220', '000000', 'amount', 'presented'],
  '/v1/reversals': ['reversal', '0420', '000000', 'amount', 'original'],
  '/v1/voids': ['void', '0200', '020000', 'amount', 'original'],
  '/v1/queries': ['query', '0100', '380000', 'amount', 'original'],
  '/v1/refunds': ['refund', '0220', '200000', 'amount'],
  '/v1/pre-authorizations': ['authorization', '0100', '300000', 'amount', 'presented'],
  '/v1/completions': ['completion', '0220', '300000', 'amount', 'original'],
  '/v1/reconciliations': ['totals', '0500', '920000', 'totals'],
  '/v1/uploads': ['upload', '0320', '000000', 'amount', 'original', 'record'],
  '/v1/upload-ends': ['upload-end', '0500', '960000', 'totals', 'count'],
};

const classes = { purchase: '0200', advice: '0220', 'pre-authorization': '0100' } as const;

/** DE 7 of an instant. */
function transmitted(at: string): string {
  return at.slice(5, 19).replace(/\D/g, '');
}

function iccOf(presented: Body['presented']): Fields {
  if (presented === undefined) return new Map();
  if (presented.kind === 'code')
    return new Map([
      [22, '031'],
      [48, `${presented.scheme}=${presented.code}`],
    ]);
  const { sealed, expiry, iccData, panSequence } = presented;
  const fields: Fields = new Map([
    [14, expiry],
    [22, '071'],
    [48, sealed],
  ]);
  if (iccData !== '') fields.set(55, iccData);
  if (panSequence !== undefined) fields.set(23, panSequence.padStart(3, '0'));
  return fields;
}

/** A body taken apart; undefined when something in it is missing. */
function requestOf(path: string, text: Buffer): Request | undefined {
  const known = paths[path];
  const parsed = Body.safeParse(jsonOf(text));
  if (known === undefined || !parsed.success) return undefined;
  const [kind, mti, processing, ...must] = known;
  const body = parsed.data;
  if (must.some((name) => body[name] === undefined)) return undefined;
  const [currency = ''] = Object.entries(currencies).find(([, letters]) => letters === body.currency) ?? [];
  const fields = iccOf(body.presented);
  fields.set(3, kind === 'upload' && (body.record === 'void' || body.record === 'refund') ? '020000' : processing);
  if (body.totals !== undefined) fields.set(63, totalsText(sumIn(body.totals)));
  if (body.head !== undefined) fields.set(48, `${body.head.seq}=${body.head.hash}`);
  const about = body.original;
  // A refund names a payment or a charge, and never both.
  if (body.charge !== undefined && (kind !== 'refund' || about !== undefined)) return undefined;
  if (kind === 'refund' && body.charge === undefined && about === undefined) return undefined;
  return {
    kind,
    message: { mti, fields },
    mti,
    stan: body.stan,
    rrn: body.rrn,
    terminal: body.terminal,
    merchant: body.merchant,
    transmitted: transmitted(body.at),
    amount: body.amount ?? 0,
    currency,
    batch: body.batch,
    ...(about === undefined
      ? {}
      : {
          original: {
            stan: about.stan,
            transmitted: transmitted(about.at),
            batch: about.batch,
            ...(about.kind === 'pre-authorization' ? {} : { mti: classes[about.kind] }),
          },
        }),
    ...(body.charge === undefined ? {} : { original: { rrn: body.charge.rrn, stan: body.charge.stan ?? 0 } }),
    ...(body.count === undefined ? {} : { count: body.count }),
  };
}

function jsonOf(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString('utf8'));
  } catch {
    return undefined;
  }
}

function sumIn({ debitCount, debit, creditCount, credit }: z.infer<typeof Sum>): Totals {
  return { debitCount, debitMinor: debit, creditCount, creditMinor: credit };
}

function answerOf(request: Request, verdict: Verdict): Record<string, unknown> {
  const { terminal, merchant, stan, rrn, batch } = request;
  const sums = verdict.totals;
  return {
    code: verdict.code,
    terminal,
    merchant,
    stan,
    rrn,
    batch,
    currency: currencies[request.currency] ?? '',
    ...(request.kind === 'totals' || request.kind === 'upload-end' ? {} : { amount: verdict.amount ?? request.amount }),
    ...(verdict.authCode === undefined || (verdict.code !== '00' && verdict.code !== '10')
      ? {}
      : { authCode: verdict.authCode }),
    ...(sums === undefined
      ? {}
      : {
          totals: {
            debitCount: sums.debitCount,
            debit: sums.debitMinor,
            creditCount: sums.creditCount,
            credit: sums.creditMinor,
          },
        }),
  };
}

/** One connection has one message under way: an answer is overtaken by those of other connections. */
const overtaken: ReadonlySet<Rule['do']> = new Set(['delay', 'reorder', 'late-success']);

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

interface Keys {
  readonly terminal: Buffer;
  readonly host: Buffer;
}

/** A caller that is one of the bank's terminals; its signature names the request in the answer's. */
interface Caller {
  readonly terminal: string;
  readonly signature: string;
}

export class HttpsDoor {
  readonly #bank: Bank;
  readonly #identity: Identity;
  readonly #keys: Keys;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port: number;

  constructor(bank: Bank, identity: Identity, port: number) {
    this.#bank = bank;
    this.#identity = identity;
    this.#port = port;
    const key = (side: string) => Buffer.from(hkdfSync('sha256', bank.masterKey, '', `countertap https ${side}`, 32));
    this.#keys = { terminal: key('terminal'), host: key('host') };
  }

  get port(): number {
    return this.#port;
  }

  /** Starts to listen. Rejects when the port is taken. */
  async mend(): Promise<void> {
    if (this.#server !== undefined) return;
    const { ca, host } = this.#identity;
    const server = createServer(
      { ca, cert: host.cert, key: host.key, minVersion: 'TLSv1.3', requestCert: true, rejectUnauthorized: true },
      (request, response) => {
        this.#serve(request, response).catch((error: unknown) => {
          this.#bank.failed(error);
          response.destroy();
        });
      },
    );
    server.keepAliveTimeout = 60_000;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Resets every connection and stops listening. */
  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    if (!this.#bank.up) return;
    const caller = this.#caller(incoming, body);
    if (caller === undefined) return this.#say(response, 401, { error: 'signature' });
    const [path = ''] = (incoming.url ?? '').split('?');
    if (path === '/v1/echo') return this.#say(response, 200, { terminal: caller.terminal }, caller);
    if (path === '/v1/parameters') return this.#parameters(incoming.url ?? '', response, caller);
    return this.#pay(path, body, String(incoming.headers['idempotency-key'] ?? ''), response, caller);
  }

  #caller(incoming: IncomingMessage, body: Buffer): Caller | undefined {
    const text = incoming.headers.authorization ?? '';
    const match = /^Countertap (\w{1,8}) (\S{20,30}) ([\da-f]{32}) ([\da-f]{64})$/.exec(text);
    const [, terminal = '', date = '', nonce = '', signature = ''] = match ?? [];
    if (match === null || !this.#bank.terminals.has(terminal)) return undefined;
    const key = String(incoming.headers['idempotency-key'] ?? '');
    const signed = [incoming.method, incoming.url, date, nonce, key, sha256(body)].join('\n');
    const own = createHmac('sha256', this.#keys.terminal).update(signed).digest();
    return timingSafeEqual(own, Buffer.from(signature, 'hex')) ? { terminal, signature } : undefined;
  }

  #parameters(url: string, response: ServerResponse, caller: Caller): void {
    const have = Number(/newer-than=(\d{1,9})$/.exec(url)?.[1] ?? 0);
    const bundle = this.#bank.parameters?.(have);
    if (bundle === undefined) this.#say(response, 404, { error: 'none' }, caller);
    else this.#send(response, 200, bundle.bytes, caller);
  }

  async #pay(path: string, body: Buffer, key: string, response: ServerResponse, caller: Caller): Promise<void> {
    const bank = this.#bank;
    const request = requestOf(path, body);
    if (request === undefined || key === '' || request.terminal !== caller.terminal)
      return this.#say(response, 400, { error: 'request' }, caller);
    const { fields } = request.message;
    const card = fields.get(22) === '071' ? await bank.openCard(fields.get(48) ?? '') : undefined;
    const rule = bank.faults.take(request.mti, card !== undefined && 'pan' in card ? card.pan : undefined);
    if (rule?.do === 'drop-request' || rule?.do === 'half-open') return;
    if (rule?.do === 'sign-on-first') return this.#say(response, 401, { error: 'signature' });
    if (rule?.do === 'delay-request') await wait(rule.ms);
    if (!bank.up) return;
    if (!bank.book.sameBody(key, sha256(body))) return this.#say(response, 409, { error: 'body-differs' }, caller);
    const verdict = verdictOf(bank, request, card, rule);
    if (rule?.do === 'drop-answer') return;
    if (rule !== undefined && overtaken.has(rule.do)) await wait(rule.ms);
    const iccData = dataForCard(request, card, verdict.code);
    const right = { ...answerOf(request, verdict), ...(iccData === undefined ? {} : { iccData }) };
    if (bank.up) this.#answer(request, right, response, caller, rule);
  }

  #answer(
    request: Request,
    right: Readonly<Record<string, unknown>>,
    response: ServerResponse,
    caller: Caller,
    rule: Rule | undefined,
  ): void {
    const say = (json: object, seal: Caller | undefined = caller, status = 200) =>
      this.#say(response, status, json, seal);
    switch (rule?.do) {
      case 'wrong-mac':
        say(right, { ...caller, signature: '0'.repeat(64) });
        break;
      case 'wrong-amount':
        say({ ...right, amount: request.amount + 1 });
        break;
      case 'foreign-stan':
        say({ ...right, stan: (request.stan % 999_999) + 1 });
        break;
      case 'reset':
        if (response.socket !== null) resetOf(this.#sockets, response.socket);
        break;
      case 'http-status':
        this.#say(response, rule.status, { error: 'busy' });
        break;
      case 'html':
        response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html><body>Please log in</body></html>');
        break;
      case 'garbage':
        this.#send(response, 200, Buffer.from('{"code": "00"'), caller);
        break;
      case 'duplicate':
        say(right);
        response.socket?.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}');
        break;
      default:
        say(right);
    }
  }

  #say(response: ServerResponse, status: number, json: object, caller?: Caller): void {
    this.#send(response, status, Buffer.from(JSON.stringify(json)), caller);
  }

  #send(response: ServerResponse, status: number, body: Buffer, caller?: Caller): void {
    if (response.destroyed) return;
    const date = new Date(nowOf(this.#bank)).toISOString();
    const signature =
      caller === undefined
        ? {}
        : {
            'Countertap-Date': date,
            Signature: createHmac('sha256', this.#keys.host)
              .update([String(status), caller.signature, date, sha256(body)].join('\n'))
              .digest('hex'),
          };
    response.writeHead(status, {
      ...signature,
      'Content-Type': 'application/json',
      'Content-Length': body.length,
      'Keep-Alive': 'timeout=60',
    });
    response.end(body);
  }
}
