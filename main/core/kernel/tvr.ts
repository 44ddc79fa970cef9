/** Terminal verification results: byte and bit of each finding (EMV Book 3 annex C5). */
const findings = {
  odaNotPerformed: [0, 0x80],
  sdaFailed: [0, 0x40],
  cardDataMissing: [0, 0x20],
  exceptionFile: [0, 0x10],
  ddaFailed: [0, 0x08],
  cdaFailed: [0, 0x04],
  sdaSelected: [0, 0x02],
  versionsDiffer: [1, 0x80],
  expired: [1, 0x40],
  notYetEffective: [1, 0x20],
  serviceNotAllowed: [1, 0x10],
  cvmFailed: [2, 0x80],
  cvmUnknown: [2, 0x40],
  pinPadMissing: [2, 0x10],
  floorExceeded: [3, 0x80],
  lowerLimitExceeded: [3, 0x40],
  upperLimitExceeded: [3, 0x20],
  chosenAtRandom: [3, 0x10],
} as const satisfies Record<string, readonly [number, number]>;

/** One thing the terminal found out about a payment. */
export type Finding = keyof typeof findings;

/** Five bytes, tag 95. */
export function verificationResults(found: Iterable<Finding>): Uint8Array {
  const results = new Uint8Array(5);
  for (const finding of found) {
    const [byte, bit] = findings[finding];
    results[byte] = results[byte]! | bit;
  }
  return results;
}

/** What was done, whatever came of it (EMV Book 3 annex C6). */
const acts = { oda: 0x80, cvm: 0x40, cardRisk: 0x20, terminalRisk: 0x08 } as const;

export type Act = keyof typeof acts;

/** Two bytes, tag 9B: transaction status information. */
export function statusInformation(done: Iterable<Act>): Uint8Array {
  let byte = 0;
  for (const act of done) byte |= acts[act];
  return Uint8Array.of(byte, 0);
}
