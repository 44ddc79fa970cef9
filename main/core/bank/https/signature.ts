import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** Says that a request is this terminal's and an answer is the host's to that request (docs/bank-link.md, "The link https"). */
export interface Signatures {
  /** HMAC-SHA256 in hex over method, path, date, nonce, idempotency key and the SHA-256 of the body, a line each. */
  request(parts: RequestParts): string;
  /**
   * Whether an answer's signature is the host's over status, our request's signature, the host's time where it told one, and
   * the SHA-256 of the body.
   */
  answers(signature: string | undefined, status: number, request: string, body: Uint8Array, date?: string): boolean;
}

export interface RequestParts {
  readonly method: string;
  readonly path: string;
  readonly date: string;
  readonly nonce: string;
  readonly key: string;
  readonly body: Uint8Array;
}

function digest(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}

/** Two keys come of the master key (HKDF, RFC 5869), one for each way: an answer is never a request and the other way round. */
export function openSignatures(masterKey: Uint8Array): Signatures {
  const derive = (side: string): Buffer =>
    Buffer.from(hkdfSync('sha256', masterKey, new Uint8Array(0), `countertap https ${side}`, 32));
  const terminal = derive('terminal');
  const host = derive('host');
  return {
    request: ({ method, path, date, nonce, key, body }) =>
      createHmac('sha256', terminal)
        .update([method, path, date, nonce, key, digest(body)].join('\n'))
        .digest('hex'),
    answers(signature, status, request, body, date) {
      if (signature === undefined || !/^[\da-f]{64}$/.test(signature)) return false;
      const own = createHmac('sha256', host)
        .update([String(status), request, ...(date === undefined ? [] : [date]), digest(body)].join('\n'))
        .digest();
      return timingSafeEqual(own, Buffer.from(signature, 'hex'));
    },
  };
}
