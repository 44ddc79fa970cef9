import type { Envelope, Opened } from './dialect.ts';

const TPDU = 5;

/**
 * Transport header of acquirer networks: 60, destination, source, each two BCD bytes; the answer has them exchanged. We are
 * 0000 and the host is its NII. `header` follows it in requests; an answer's is as long and `signOn` reads it.
 */
export function tpduEnvelope(
  nii: string,
  header: Uint8Array = new Uint8Array(0),
  signOn: (header: Uint8Array) => boolean | undefined = () => false,
): Envelope {
  const host = `0${nii}`;
  const outward = Buffer.concat([Buffer.from(`60${host}0000`, 'hex'), header]);
  const inward = Buffer.from(`600000${host}`, 'hex');
  return {
    close: (message) => Buffer.concat([outward, message]),
    open(bytes): Opened {
      const start = TPDU + header.length;
      if (bytes.length < start) return { ok: false, detail: 'shorter than its header' };
      if (!inward.equals(bytes.subarray(0, TPDU))) return { ok: false, detail: 'the TPDU is not ours' };
      const asked = signOn(bytes.subarray(TPDU, start));
      if (asked === undefined) return { ok: false, detail: 'the header is not one of ours' };
      return { ok: true, message: bytes.subarray(start), signOn: asked };
    },
  };
}

/** Messages that stand alone in their frame. */
export const bareEnvelope: Envelope = {
  close: (message) => message,
  open: (message) => ({ ok: true, message, signOn: false }),
};
