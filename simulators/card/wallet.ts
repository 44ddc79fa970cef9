import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import * as z from 'zod';
import { type Chip, type Command, isUidCommand, readCommand, type Stage, sw } from './chip.ts';
import type { WalletDefinition } from './definition.ts';
import { hex, tlv, toHex } from './tlv.ts';

/** The wallet's proprietary AID (docs/wallet-token.md). */
export const walletAid = 'F043545057414C01';
const issuerIds = { EdDSA: 'VBANK', ES256: 'VBANK2' } as const;
type Algorithm = keyof typeof issuerIds;

/** A public key with which a terminal checks this deck's wallets. */
export interface WalletIssuer {
  readonly id: string;
  readonly alg: Algorithm;
  readonly jwk: Readonly<Record<string, string>>;
}

const jwk = z.record(z.string(), z.string());
const pair = z.strictObject({ EdDSA: jwk, ES256: jwk });
const stored = z.strictObject({ issuer: pair, device: pair, foreign: pair });

/** Private keys of the wallets' issuers, of their devices, and of somebody who is no issuer. */
export type WalletKeys = Readonly<Record<'issuer' | 'device' | 'foreign', Readonly<Record<Algorithm, KeyObject>>>>;

function makeAll(): z.infer<typeof stored> {
  const make = () => ({
    EdDSA: jwk.parse(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })),
    ES256: jwk.parse(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })),
  });
  return { issuer: make(), device: make(), foreign: make() };
}

async function readOrMake(file: string): Promise<z.infer<typeof stored>> {
  try {
    return stored.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    const made = makeAll();
    await writeFile(`${file}.new`, JSON.stringify(made), { mode: 0o600 });
    await rename(`${file}.new`, file);
    return made;
  }
}

/** Opens the wallets' key file, made at first use. */
export async function openWalletKeys(file: string): Promise<WalletKeys> {
  const kept = await readOrMake(file);
  const open = (of: z.infer<typeof pair>) => ({
    EdDSA: createPrivateKey({ key: of.EdDSA, format: 'jwk' }),
    ES256: createPrivateKey({ key: of.ES256, format: 'jwk' }),
  });
  return { issuer: open(kept.issuer), device: open(kept.device), foreign: open(kept.foreign) };
}

export function walletIssuers(keys: WalletKeys): readonly WalletIssuer[] {
  return (['EdDSA', 'ES256'] as const).map((alg) => ({
    id: issuerIds[alg],
    alg,
    jwk: jwk.parse(createPublicKey(keys.issuer[alg]).export({ format: 'jwk' })),
  }));
}

function signature(key: KeyObject, ...parts: readonly Uint8Array[]): Buffer {
  const signed = Buffer.concat(parts);
  if (key.asymmetricKeyType === 'ed25519') return sign(null, signed, key);
  return sign('sha256', signed, { key, dsaEncoding: 'ieee-p1363' });
}

/** A device's public key as the delegation carries it: algorithm, then 32 bytes, or a compressed point of 33. */
function deviceKey(algorithm: Algorithm, key: KeyObject): Buffer {
  const { x = '', y = '' } = createPublicKey(key).export({ format: 'jwk' });
  const [left, right] = [Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')];
  if (algorithm === 'EdDSA') return Buffer.concat([hex('01'), left]);
  return Buffer.concat([hex('02'), Buffer.from([2 + ((right[31] ?? 0) & 1)]), left]);
}

const delegationMark = Buffer.from('wallet-token/1 delegation\0', 'latin1');
const paymentMark = Buffer.from('wallet-token/1 payment\0', 'latin1');
const challengeLength = 31;
const verificationAsked = 0x80;

/** A wallet as its bank handed it out. */
export interface Wallet {
  readonly card: WalletDefinition;
  /** Sixteen digits. */
  readonly id: string;
  readonly keys: WalletKeys;
}

function delegation({ card, id, keys }: Wallet): Buffer {
  const issuer = card.faults.issuer === 'unknown' ? 'NOBODY' : issuerIds[card.algorithm];
  return tlv(
    'E2',
    tlv('C0', hex('01')),
    tlv('C1', Buffer.from(issuer, 'latin1')),
    tlv('C2', hex(id)),
    tlv('C3', deviceKey(card.algorithm, keys.device[card.algorithm])),
    tlv('C4', hex(String(card.ceiling).padStart(12, '0'))),
    tlv('C5', hex(`0${card.currency}`)),
    tlv('C6', hex(card.expiry)),
  );
}

function token(wallet: Wallet, challenge: Buffer, counter: number): Buffer {
  const { card, keys } = wallet;
  const { algorithm, faults } = card;
  const over = Buffer.from(challenge);
  if (faults.challenge === 'old') over[20] = (over[20] ?? 0) ^ 1;
  const part = delegation(wallet);
  const verified = ((challenge[1] ?? 0) & verificationAsked) !== 0 && card.verifies;
  const verification = hex(verified ? '01' : '00');
  const count = Buffer.alloc(4);
  count.writeUInt32BE(faults.counter === 'stuck' ? 1 : counter);
  const issuer = keys[faults.issuer === 'foreign' ? 'foreign' : 'issuer'][algorithm];
  const device = keys[faults.signature === 'wrong' ? 'foreign' : 'device'][algorithm];
  return tlv(
    'E1',
    part,
    tlv('C7', signature(issuer, delegationMark, part)),
    tlv('C8', verification),
    tlv('C9', count),
    tlv('CA', over),
    tlv('CB', signature(device, paymentMark, part, verification, count, over)),
  );
}

/** One presentation of a wallet. `unlocked` is false for a locked phone. */
export function walletChip(wallet: Wallet, nextCounter: () => number, unlocked: boolean): Chip {
  let stage: Stage = 'idle';
  let chosen = false;

  const select = (command: Command): string | Buffer => {
    chosen = toHex(command.data) === walletAid;
    if (!chosen) return sw.noFile;
    return tlv('6F', tlv('84', hex(walletAid)), tlv('A5', tlv('C0', hex('01')), tlv('C2', hex(wallet.id))));
  };

  const pay = (command: Command): string | Buffer => {
    if (!chosen) return sw.conditions;
    if (command.data.length !== challengeLength || command.data[0] !== 1) return sw.wrongLength;
    if (!unlocked) {
      stage = 'refused';
      return sw.seePhone;
    }
    stage = 'finished';
    return token(wallet, command.data, nextCounter());
  };

  const respond = (command: Command): string | Buffer => {
    if (isUidCommand(command)) return command.p1 === 0 ? hex('08C0FFEE') : sw.noFunction;
    if (stage === 'idle') stage = 'selected';
    if (command.cla === 0x00 && command.ins === 0xa4) return command.p1 === 4 ? select(command) : sw.badParameters;
    if (command.cla === 0x80 && command.ins === 0x52) return pay(command);
    return command.cla === 0x00 || command.cla === 0x80 ? sw.noInstruction : sw.noClass;
  };

  return {
    atr: hex(wallet.card.atr),
    mute: false,
    reset() {
      stage = stage === 'finished' ? stage : 'idle';
      chosen = false;
    },
    stage: () => stage,
    answer(apdu) {
      const command = readCommand(apdu);
      if (command === undefined) return hex(sw.wrongLength);
      const reply = respond(command);
      return typeof reply === 'string' ? hex(reply) : Buffer.concat([reply, hex(sw.ok)]);
    },
  };
}
