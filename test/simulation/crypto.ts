import crypto, { type BinaryLike, type BinaryToTextEncoding } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

/*
 * Every start of the core derives the same keys and imports the same public key. What node:crypto answered to the same
 * question is remembered here, so that a simulated day is spent on decisions: the core runs unchanged. For the processes of
 * the simulation alone.
 */

const MOST = 5_000;
const { createHmac, createPublicKey, createSecretKey } = crypto;
const imported = new Map<string, ReturnType<typeof createPublicKey>>();
const macs = new Map<string, Buffer>();
const secrets = new Map<string, ReturnType<typeof createSecretKey>>();

function importOnce(key: Parameters<typeof createPublicKey>[0]): ReturnType<typeof createPublicKey> {
  if (typeof key !== 'object' || !('format' in key) || key.format !== 'jwk') return createPublicKey(key);
  const name = JSON.stringify(key);
  const known = imported.get(name) ?? createPublicKey(key);
  imported.set(name, known);
  return known;
}

/** Bytes as a name. */
function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** An HMAC whose digest is looked up before it is computed. */
class KnownHmac {
  readonly #algorithm: string;
  readonly #key: Uint8Array;
  readonly #data: (string | Uint8Array)[] = [];
  #name: string;

  constructor(algorithm: string, key: Uint8Array) {
    this.#algorithm = algorithm;
    this.#key = key;
    this.#name = `${algorithm} ${latin1(key)}`;
  }

  update(data: string | Uint8Array): this {
    this.#data.push(data);
    this.#name += typeof data === 'string' ? ` text ${data}` : ` bytes ${latin1(data)}`;
    return this;
  }

  digest(encoding?: BinaryToTextEncoding): Buffer | string {
    const mac = macs.get(this.#name) ?? this.#compute();
    return encoding === undefined ? Buffer.from(mac) : mac.toString(encoding);
  }

  #compute(): Buffer {
    const hmac = createHmac(this.#algorithm, this.#key);
    for (const data of this.#data) hmac.update(data);
    const mac = hmac.digest();
    if (macs.size >= MOST) macs.clear();
    macs.set(this.#name, mac);
    return mac;
  }
}

function secretOnce(key: Uint8Array): ReturnType<typeof createSecretKey> {
  const name = latin1(key);
  const known = secrets.get(name) ?? createSecretKey(key);
  if (secrets.size >= MOST) secrets.clear();
  secrets.set(name, known);
  return known;
}

Object.assign(crypto, {
  createPublicKey: importOnce,
  createHmac: (algorithm: string, key: BinaryLike) =>
    key instanceof Uint8Array ? new KnownHmac(algorithm, key) : createHmac(algorithm, key),
  createSecretKey: (key: unknown) =>
    key instanceof Uint8Array ? secretOnce(key) : Reflect.apply(createSecretKey, crypto, [key]),
});
syncBuiltinESMExports();
