import crypto, { type BinaryLike, type BinaryToTextEncoding } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

/*
 * Every start of the core derives the same keys and imports the same public key. What node:crypto answered to the same
 * question is remembered here, so that a simulated day is spent on decisions: the core runs unchanged. For the processes of
 * the simulation alone.
 */

const MOST = 5_000;
const { createHmac, createPublicKey } = crypto;
const imported = new Map<string, ReturnType<typeof createPublicKey>>();
const macs = new Map<string, Buffer>();

function importOnce(key: Parameters<typeof createPublicKey>[0]): ReturnType<typeof createPublicKey> {
  if (typeof key !== 'object' || !('format' in key) || key.format !== 'jwk') return createPublicKey(key);
  const name = JSON.stringify(key);
  const known = imported.get(name) ?? createPublicKey(key);
  imported.set(name, known);
  return known;
}

/** An HMAC whose digest is looked up before it is computed. */
class KnownHmac {
  readonly #algorithm: string;
  readonly #key: Uint8Array;
  readonly #data: Buffer[] = [];

  constructor(algorithm: string, key: Uint8Array) {
    this.#algorithm = algorithm;
    this.#key = key;
  }

  update(data: string | Uint8Array): this {
    this.#data.push(Buffer.from(data));
    return this;
  }

  digest(encoding?: BinaryToTextEncoding): Buffer | string {
    const data = Buffer.concat(this.#data);
    const name = `${this.#algorithm} ${Buffer.from(this.#key).toString('latin1')} ${data.toString('latin1')}`;
    const mac = macs.get(name) ?? createHmac(this.#algorithm, this.#key).update(data).digest();
    if (macs.size >= MOST) macs.clear();
    macs.set(name, mac);
    return encoding === undefined ? Buffer.from(mac) : mac.toString(encoding);
  }
}

Object.assign(crypto, {
  createPublicKey: importOnce,
  createHmac: (algorithm: string, key: BinaryLike) =>
    key instanceof Uint8Array ? new KnownHmac(algorithm, key) : createHmac(algorithm, key),
});
syncBuiltinESMExports();
