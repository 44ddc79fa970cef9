import 'reflect-metadata';
import { createPrivateKey, generateKeyPairSync, type JsonWebKey, KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { z } from 'zod';

const Jwk = z.record(z.string(), z.string());

/** Everything the bank keeps to itself between starts, made once in the folder it is given. */
const Identity = z.strictObject({
  ca: z.string(),
  host: z.strictObject({ cert: z.string(), key: z.string() }),
  client: z.strictObject({ cert: z.string(), key: z.string() }),
  /** Ed25519 private JWK that signs the profile. */
  signing: Jwk,
  /** P-256 private JWK that opens sealed card data. */
  sealing: z.strictObject({ kid: z.string(), jwk: Jwk }),
  masterKey: z.string().regex(/^[0-9A-F]{32}$/),
  port: z.int().min(1).max(65535),
});
export type Identity = z.infer<typeof Identity>;

export const SERVER_NAME = 'acquirer.test';

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

interface Pair {
  readonly keys: webcrypto.CryptoKeyPair;
  readonly pem: string;
}

async function newPair(): Promise<Pair> {
  const keys = await webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']);
  const pem = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString();
  return { keys, pem };
}

function validity(): { readonly notBefore: Date; readonly notAfter: Date } {
  const day = 86_400_000;
  return { notBefore: new Date(Date.now() - day), notAfter: new Date(Date.now() + 3650 * day) };
}

async function certificates(): Promise<Pick<Identity, 'ca' | 'host' | 'client'>> {
  const authority = await newPair();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Virtual Bank Test CA',
    keys: authority.keys,
    signingAlgorithm: ecdsa,
    ...validity(),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  const issue = async (subject: string, usage: string, names: x509.JsonGeneralNames) => {
    const pair = await newPair();
    const certificate = await x509.X509CertificateGenerator.create({
      subject,
      issuer: root.subject,
      publicKey: pair.keys.publicKey,
      signingKey: authority.keys.privateKey,
      signingAlgorithm: ecdsa,
      ...validity(),
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([usage]),
        new x509.SubjectAlternativeNameExtension(names),
      ],
    });
    return { cert: certificate.toString('pem'), key: pair.pem };
  };
  return {
    ca: root.toString('pem'),
    host: await issue(`CN=${SERVER_NAME}`, x509.ExtendedKeyUsage.serverAuth, [
      { type: 'dns', value: SERVER_NAME },
      { type: 'ip', value: '127.0.0.1' },
    ]),
    client: await issue('CN=T0000001', x509.ExtendedKeyUsage.clientAuth, [{ type: 'dns', value: 't0000001.test' }]),
  };
}

/** Below the range from which systems take ports for outgoing connections, so that a cut line gets its port back. */
function somePort(): number {
  return 20_000 + (randomBytes(2).readUInt16BE() % 10_000);
}

function strings(jwk: JsonWebKey): Record<string, string> {
  return Jwk.parse(jwk);
}

async function newIdentity(): Promise<Identity> {
  const sealing = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  const signing = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return {
    ...(await certificates()),
    signing: strings(signing),
    sealing: { kid: `seal-${randomBytes(4).toString('hex')}`, jwk: strings(sealing) },
    masterKey: randomBytes(16).toString('hex').toUpperCase(),
    port: somePort(),
  };
}

/** Writes a file whole or not at all, readable by its owner alone. */
export function writeWhole(path: string, text: string | Uint8Array): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function saveIdentity(dir: string, identity: Identity): void {
  writeWhole(join(dir, 'keys.json'), `${JSON.stringify(identity, null, 2)}\n`);
}

/** The identity kept in DIR/keys.json, made at the first call. Throws when the file is there and is not one. */
export async function openIdentity(dir: string): Promise<Identity> {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, 'keys.json');
  if (existsSync(path)) {
    const found = Identity.parse(JSON.parse(readFileSync(path, 'utf8')));
    createPrivateKey(found.host.key);
    return found;
  }
  const made = await newIdentity();
  saveIdentity(dir, made);
  return made;
}

/** Another port to try when the first is taken. */
export function withPort(identity: Identity, port: number): Identity {
  return { ...identity, port: port === 0 ? somePort() : port };
}
