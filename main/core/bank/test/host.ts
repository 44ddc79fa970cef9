import { createCipheriv, randomBytes } from 'node:crypto';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:tls';
import { type IsoMessage, pack, unpack } from '../codec.ts';
import { type DialectName, dialectOf } from '../dialects/named.ts';
import { frame, openDeframer } from '../frame.ts';
import { aesCheckValue, desCheckValue } from '../keys.ts';
import { encipherDes, type Mac, openMac, packSigned } from '../mac.ts';
import type { Authority } from './certificates.ts';

/** What a script may do with one request. */
export interface Turn {
  readonly request: IsoMessage;
  /** Answers with the fields the wire asks for and DE 39 `00`; `change` overrides fields (undefined removes one). */
  answer(change?: Record<number, string | undefined>, options?: { mti?: string; key?: Mac }): void;
  raw(bytes: Uint8Array): void;
  /** Drops all connections with a reset. */
  reset(): void;
}

export interface Host {
  readonly port: number;
  /** Requests other than sign-ons and the echo after an unsigned one, in order of arrival. */
  readonly requests: IsoMessage[];
  readonly signOns: number;
  /** How business messages and echoes are answered; approved unless set. */
  script: (turn: Turn) => void;
  signOn: (turn: Turn) => void;
  /** How the echo is answered that follows a sign-on without a MAC. */
  firstEcho: (turn: Turn) => void;
  /** Resets every connection. */
  cut(): void;
  close(): void;
}

/** What stands before the MTI of an answer. */
const HEADERS: Readonly<Record<DialectName, string>> = {
  countertap: '',
  hypercom: '6000000003',
  unionpay: '6000000003613100310000',
};

export function isSignOn({ mti, fields }: IsoMessage): boolean {
  return mti === '0800' && (fields.get(3) === '920000' || fields.get(60)?.endsWith('003') === true);
}

export function isEcho({ mti, fields }: IsoMessage): boolean {
  return mti === '0820' || (mti === '0800' && fields.get(3) === '990000');
}

/** A host that does what a test tells it, over real TLS, with the codec under test: the acquirer simulator is the independent one. */
export async function startHost(
  authority: Authority,
  masterKey: Uint8Array,
  speaks: DialectName = 'countertap',
  name = 'acquirer.test',
): Promise<Host> {
  const dialect = dialectOf(speaks);
  const sockets = new Set<Socket>();
  const pair = await authority.issue(name, 'server');
  const options = {
    ...pair,
    ca: authority.cert,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
  } as const;
  const server = createServer(options, (socket) => serve(socket));
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = {
    port: (server.address() as AddressInfo).port,
    requests: [] as IsoMessage[],
    signOns: 0,
    script: (turn: Turn): void => turn.answer(),
    signOn: (turn: Turn): void => turn.answer(),
    firstEcho: (turn: Turn): void => turn.answer(),
    cut: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    close: () => {
      server.close();
      host.cut();
    },
  };

  function serve(socket: Socket): void {
    const session = randomBytes(16);
    let first = false;
    const deframe = openDeframer();
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      for (const bytes of deframe(chunk).messages) receive(bytes);
    });
    const receive = (bytes: Uint8Array): void => {
      const unpacked = unpack(bytes.subarray(dialect.headerLength), dialect.layout);
      if (!unpacked.ok) throw unpacked.error;
      const request = unpacked.message;
      const signOn = isSignOn(request);
      const extra: Record<number, string | undefined> = signOn ? { 62: keyBlock(speaks, masterKey, session) } : {};
      const own = openMac(dialect.mac, signOn ? masterKey : session);
      const seal = signOn && !dialect.signOnSigned ? undefined : own;
      const turn = turnOf(socket, host.cut, request, seal, extra, speaks);
      const greets = first && isEcho(request);
      first = signOn && !dialect.signOnSigned;
      if (signOn) host.signOns++;
      else if (!greets) host.requests.push(request);
      (signOn ? host.signOn : greets ? host.firstEcho : host.script)(turn);
    };
  }
  return host;
}

function turnOf(
  socket: Socket,
  reset: () => void,
  request: IsoMessage,
  own: Mac | undefined,
  extra: Record<number, string | undefined>,
  speaks: DialectName,
): Turn {
  const { echoed, layout } = dialectOf(speaks);
  return {
    request,
    answer(change = {}, { mti, key = own } = {}) {
      const fields = new Map([...request.fields].filter(([number]) => echoed.includes(number)));
      fields.set(39, '00');
      for (const [number, value] of Object.entries({ ...extra, ...change })) {
        if (value === undefined) fields.delete(Number(number));
        else fields.set(Number(number), value);
      }
      const answerMti = mti ?? `${request.mti.slice(0, 2)}${Number(request.mti[2]) + 1}0`;
      const message = { mti: answerMti, fields };
      const bytes = key ? packSigned(message, key, layout) : pack(message, layout);
      socket.write(frame(Buffer.concat([Buffer.from(HEADERS[speaks], 'hex'), bytes])));
    },
    raw: (bytes) => socket.write(bytes),
    reset,
  };
}

/** DE 62 of a sign-on answer. */
function keyBlock(speaks: DialectName, masterKey: Uint8Array, session: Uint8Array): string {
  if (speaks === 'countertap') {
    const cipher = createCipheriv('aes-128-ecb', masterKey, null).setAutoPadding(false);
    const enciphered = Buffer.concat([cipher.update(session), cipher.final()]);
    return Buffer.concat([Buffer.of(1), enciphered, aesCheckValue(session).subarray(0, 3)]).toString('hex');
  }
  const one = (check: number): Uint8Array =>
    Buffer.concat([encipherDes(masterKey, session), desCheckValue(session).subarray(0, check)]);
  return Buffer.concat(speaks === 'hypercom' ? [one(3)] : [one(4), one(4)]).toString('hex');
}

/** An unsigned message in its frame, for garbage that is nearly right. */
export function unsigned(message: IsoMessage, speaks: DialectName): Uint8Array {
  return frame(Buffer.concat([Buffer.from(HEADERS[speaks], 'hex'), pack(message, dialectOf(speaks).layout)]));
}
