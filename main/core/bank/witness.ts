import { hash } from 'node:crypto';
import type { Line, Network } from '../world/world.ts';
import type { BankAnswer, LinkRequest } from './link.ts';

/** A link concluded what its line says is not so, or was about to send what it must not: the core stops. */
export class LinkError extends Error {
  override name = 'LinkError';
}

/** One exchange under way, and whether anything of it was handed to a line. */
interface Exchange {
  /** The end of the header that names it over HTTPS. */
  readonly named: string;
  handed: boolean;
}

/** So many idempotency keys are remembered. */
const REMEMBERED = 4_096;
const POST = Buffer.from('POST ');

/**
 * Sees what is handed to the lines of a link, below the code that speaks on them, in production too. An exchange of which
 * anything was handed over is never taken for not sent (I7), and what leaves under an idempotency key is byte for byte what
 * left under it before (R9). It knows a message over HTTPS by its key; over ISO 8583 it is handed over before `exchange`
 * returns.
 */
export class Witness {
  readonly #exchanges = new Set<Exchange>();
  readonly #bodies = new Map<string, string>();
  #begun: Exchange | undefined;

  over(network: Network): Network {
    return {
      connect: async (target, timeoutMs) => {
        const connected = await network.connect(target, timeoutMs);
        return connected.ok ? { ok: true, line: this.#line(connected.line) } : connected;
      },
    };
  }

  /** Sends a request. @throws LinkError */
  async exchange(request: LinkRequest, send: () => Promise<BankAnswer>): Promise<BankAnswer> {
    const { type, trace } = request;
    const exchange: Exchange = { named: `-${type}-${trace.rrn}\r\n`, handed: false };
    this.#exchanges.add(exchange);
    try {
      this.#begun = exchange;
      const answering = send();
      this.#begun = undefined;
      const answer = await answering;
      if (answer.kind === 'not-sent' && exchange.handed)
        throw new LinkError(`${type} ${trace.rrn} was handed to the line and is not "not sent": ${answer.detail}`);
      return answer;
    } finally {
      this.#begun = undefined;
      this.#exchanges.delete(exchange);
    }
  }

  #line(line: Line): Line {
    return {
      send: (bytes) => {
        this.#asBefore(bytes);
        const handed = line.send(bytes);
        if (handed) this.#handed(bytes);
        return handed;
      },
      onBytes: (listener) => line.onBytes(listener),
      onClose: (listener) => line.onClose(listener),
      close: () => line.close(),
    };
  }

  #handed(bytes: Uint8Array): void {
    if (this.#begun) this.#begun.handed = true;
    const key = postOf(bytes)?.key;
    if (key === undefined) return;
    for (const exchange of this.#exchanges) if (`${key}\r\n`.endsWith(exchange.named)) exchange.handed = true;
  }

  #asBefore(bytes: Uint8Array): void {
    const post = postOf(bytes);
    if (!post) return;
    const { key, body } = post;
    const digest = hash('sha256', body);
    const before = this.#bodies.get(key);
    if (before !== undefined && before !== digest) throw new LinkError(`another body under the key ${key}`);
    this.#bodies.set(key, digest);
    const [oldest] = this.#bodies.keys();
    if (this.#bodies.size > REMEMBERED && oldest !== undefined) this.#bodies.delete(oldest);
  }
}

/** The idempotency key and the body of a request over HTTPS; undefined for anything else. */
function postOf(bytes: Uint8Array): { readonly key: string; readonly body: Uint8Array } | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!buffer.subarray(0, POST.length).equals(POST)) return undefined;
  const end = buffer.indexOf('\r\n\r\n');
  const key = /\r\nIdempotency-Key: ([^\r\n]+)\r\n/.exec(buffer.toString('latin1', 0, end + 2))?.[1];
  return key === undefined ? undefined : { key, body: buffer.subarray(end + 4) };
}
