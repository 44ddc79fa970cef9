import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { Card, Exchange, ExchangeFault } from '../../../../../drivers/nfc/reader.ts';
import { concat, hex, unhex } from '../../bytes.ts';
import { encode, wrap } from '../../tlv.ts';
import { ClosedLoop } from '../config.ts';

/** An issuer and two devices, made for one run of tests. */
const issuer = generateKeyPairSync('ed25519');
const devices = { EdDSA: generateKeyPairSync('ed25519'), ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }) };

export const AID = 'F043545057414C01';
export const WALLET = '9900000000000017';

export const closedLoop = ClosedLoop.parse({
  aid: AID,
  label: 'Test Wallet',
  issuers: [
    {
      id: 'TESTBANK',
      alg: 'EdDSA',
      jwk: { kty: 'OKP', crv: 'Ed25519', x: issuer.publicKey.export({ format: 'jwk' }).x ?? '' },
    },
  ],
});

/** What makes one test wallet differ from another. Hex where not said otherwise. */
export interface WalletSpec {
  readonly device?: 'EdDSA' | 'ES256';
  readonly issuer?: string;
  readonly issuerKey?: KeyObject;
  readonly ceilingMinor?: number;
  readonly currency?: string;
  readonly expiry?: string;
  readonly counter?: number;
  readonly verified?: boolean;
  /** What SELECT says, when not the token's own. */
  readonly selectedAs?: string;
  /** Changes the challenge before it is signed. */
  readonly bend?: (challenge: Uint8Array) => Uint8Array;
  /** Changes the token after it was made. */
  readonly spoil?: (token: Uint8Array) => Uint8Array;
  readonly selectStatus?: string;
  readonly payStatus?: string;
}

const ascii = (text: string) => new TextEncoder().encode(text);

function signature(key: KeyObject, signed: Uint8Array): Uint8Array {
  const made =
    key.asymmetricKeyType === 'ed25519'
      ? sign(null, signed, key)
      : sign('sha256', signed, { key, dsaEncoding: 'ieee-p1363' });
  return new Uint8Array(made);
}

function deviceKey(kind: 'EdDSA' | 'ES256'): Uint8Array {
  const { x = '', y = '' } = devices[kind].publicKey.export({ format: 'jwk' });
  const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'));
  if (kind === 'EdDSA') return concat(unhex('01'), bytes(x));
  return concat(unhex('02'), Uint8Array.of(2 + (bytes(y)[31]! & 1)), bytes(x));
}

/** A token over the given challenge. */
export function makeToken(spec: WalletSpec, challenge: Uint8Array): Uint8Array {
  const device = spec.device ?? 'EdDSA';
  const delegation = wrap(
    'E2',
    encode('C0', unhex('01')),
    encode('C1', ascii(spec.issuer ?? 'TESTBANK')),
    encode('C2', unhex(WALLET)),
    encode('C3', deviceKey(device)),
    encode('C4', unhex(String(spec.ceilingMinor ?? 500_000).padStart(12, '0'))),
    encode('C5', unhex(`0${spec.currency ?? '156'}`)),
    encode('C6', unhex(spec.expiry ?? '301231')),
  );
  const verification = unhex(spec.verified ? '01' : '00');
  const counter = unhex((spec.counter ?? 1).toString(16).padStart(8, '0'));
  const over = spec.bend?.(challenge) ?? challenge;
  const byIssuer = signature(
    spec.issuerKey ?? issuer.privateKey,
    concat(ascii('wallet-token/1 delegation\0'), delegation),
  );
  const byDevice = signature(
    devices[device].privateKey,
    concat(ascii('wallet-token/1 payment\0'), delegation, verification, counter, over),
  );
  const token = wrap(
    'E1',
    delegation,
    encode('C7', byIssuer),
    encode('C8', verification),
    encode('C9', counter),
    encode('CA', over),
    encode('CB', byDevice),
  );
  return spec.spoil?.(token) ?? token;
}

/** A wallet as a card in memory: no directory, the wallet's own name and its token. */
export function walletCard(spec: WalletSpec, disturb?: (index: number) => ExchangeFault | undefined): Card {
  let exchanges = 0;
  const answer = (command: Uint8Array): Uint8Array => {
    const text = hex(command);
    if (text.startsWith(`00A4040008${AID}`)) {
      const status = unhex(spec.selectStatus ?? '9000');
      const own = wrap('A5', encode('C0', unhex('01')), encode('C2', unhex(spec.selectedAs ?? WALLET)));
      return concat(wrap('6F', encode('84', unhex(AID)), own), status);
    }
    if (text.startsWith('80520000')) {
      return spec.payStatus ? unhex(spec.payStatus) : concat(makeToken(spec, command.slice(5, -1)), unhex('9000'));
    }
    return unhex('6A82');
  };
  return {
    atr: unhex('3B80800101'),
    async transmit(command): Promise<Exchange> {
      const fault = disturb?.(exchanges);
      exchanges += 1;
      return fault ? { ok: false, fault, detail: 'scripted' } : { ok: true, response: answer(command) };
    },
    release() {},
  };
}
