import crypto, { type BinaryLike, type BinaryToTextEncoding } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

/*
 * Every start of the core derives the same keys and imports the same public key. What node:crypto answered to the same
 * question is remembered here, so that a simulated day is spent on decisions: the core runs unchanged. For the processes of
 * the simulation alone.
 */

const MOST = 5_000;
const { createCipheriv, createHmac, createPublicKey, createSecretKey } = crypto;
const imported = new Map<string, ReturnType<typeof createPublicKey>>();
const macs = new Map<string, Buffer>();
const ciphered = new Map<string, Buffer>();
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

/** Ciphers of the MACs of bank messages: both ends of a line compute the same. */
const blockCiphers: ReadonlySet<string> = new Set(['aes-128-cbc', 'aes-128-ecb', 'des-ede3', 'des-ede3-cbc']);

/** Whole blocks without padding, in one piece. */
class KnownCipher {
  readonly #made: Parameters<typeof createCipheriv>;
  readonly #name: string;
  #used = false;

  constructor(...made: Parameters<typeof createCipheriv>) {
    this.#made = made;
    const [algorithm, key, iv] = made;
    if (!(key instanceof Uint8Array) || !(iv === null || iv instanceof Uint8Array))
      throw new Error('keys and vectors are bytes here');
    this.#name = `${algorithm} ${latin1(key)} ${iv ? latin1(iv) : ''} `;
  }

  setAutoPadding(pads: boolean): this {
    if (pads) throw new Error('nothing is padded here');
    return this;
  }

  update(data: Uint8Array): Buffer {
    if (this.#used) throw new Error('everything comes in one piece here');
    this.#used = true;
    const name = this.#name + latin1(data);
    const known =
      ciphered.get(name) ??
      createCipheriv(...this.#made)
        .setAutoPadding(false)
        .update(data);
    if (ciphered.size >= MOST) ciphered.clear();
    ciphered.set(name, known);
    return Buffer.from(known);
  }

  final(): Buffer {
    return Buffer.alloc(0);
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
  createCipheriv: (...made: Parameters<typeof createCipheriv>) =>
    blockCiphers.has(made[0]) ? new KnownCipher(...made) : createCipheriv(...made),
  createHmac: (algorithm: string, key: BinaryLike) =>
    key instanceof Uint8Array ? new KnownHmac(algorithm, key) : createHmac(algorithm, key),
  createSecretKey: (key: unknown) =>
    key instanceof Uint8Array ? secretOnce(key) : Reflect.apply(createSecretKey, crypto, [key]),
});
syncBuiltinESMExports();
