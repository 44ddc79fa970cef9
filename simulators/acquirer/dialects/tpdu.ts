import { WireError } from '../wire.ts';

/** Takes a TPDU off: 60, destination, source. The bank does not mind who sends. */
export function tpduOff(bytes: Buffer, headerBytes: number): Buffer {
  if (bytes.length < 5 + headerBytes || bytes[0] !== 0x60) throw new WireError('no TPDU');
  return bytes.subarray(5 + headerBytes);
}

/** The bank answers from its own address, which terminals know by the NII of the profile. */
export function tpduOn(message: Buffer, header = ''): Buffer {
  return Buffer.concat([Buffer.from(`6000000003${header}`, 'hex'), message]);
}
