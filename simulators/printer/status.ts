/** What can be the matter with the printer. */
export const troubles = ['none', 'paper-end', 'cover-open', 'offline', 'paper-near-end'] as const;
export type Trouble = (typeof troubles)[number];

/** Bits that are always set in an answer to DLE EOT. */
const fixed = 0x12;

/** A printer that cannot print keeps what it gets until it can. */
export function isStalled(trouble: Trouble): boolean {
  return trouble === 'paper-end' || trouble === 'cover-open';
}

/**
 * The answer to DLE EOT n (Epson ESC/POS reference): 1 printer, 2 cause of being offline, 3 errors, 4 paper sensors.
 * Undefined for another n: printers do not answer those.
 */
export function realTimeStatus(n: number, trouble: Trouble): number | undefined {
  const end = trouble === 'paper-end';
  switch (n) {
    case 1:
      return fixed | (isStalled(trouble) ? 0x08 : 0);
    case 2:
      return fixed | (trouble === 'cover-open' ? 0x04 : 0) | (end ? 0x20 : 0);
    case 3:
      return fixed;
    case 4:
      return fixed | (end || trouble === 'paper-near-end' ? 0x0c : 0) | (end ? 0x60 : 0);
    default:
      return undefined;
  }
}

/** The answer to GS r 1: paper sensors, near end in bits 0–1, end in bits 2–3. */
export function paperStatus(trouble: Trouble): number {
  return (trouble === 'paper-end' ? 0x0c : 0) | (trouble === 'paper-end' || trouble === 'paper-near-end' ? 0x03 : 0);
}

/** The four bytes of automatic status back (GS a). */
export function automaticStatus(trouble: Trouble): Buffer {
  const first = 0x10 | (isStalled(trouble) ? 0x08 : 0) | (trouble === 'cover-open' ? 0x20 : 0);
  return Buffer.from([first, 0x00, paperStatus(trouble), 0x0f]);
}
