import { randomBytes } from 'node:crypto';
import { type BlockFault, dynamicSignature } from './certificate.ts';
import { cardKey, issuerMasterKey, mac, pad, sessionKey } from './cryptogram.ts';
import type { EmvDefinition } from './definition.ts';
import { certificateRecords, type Personalised } from './personal.ts';
import { hex, tlv } from './tlv.ts';

/** TTQ, amounts, country, TVR, currency, date, type, unpredictable number: what both schemes' cards ask for. */
export const qualifiedPdol = hex('9F6604 9F0206 9F0306 9F1A02 9505 5F2A02 9A03 9C01 9F3704');

/** Top two bits of cryptogram information data, tag 9F27. */
const decisions = { TC: '40', ARQC: '80', AAC: '00' } as const;
/** Second byte of the card verification results: what the first cryptogram was, no second one asked. */
const results = { TC: '90', ARQC: 'A0', AAC: '80' } as const;
type Decision = keyof typeof decisions;

/** What one GET PROCESSING OPTIONS brings forth: its answer and the records it points at, by “SFI.number”. */
export interface Answered {
  readonly options: Buffer;
  readonly records: ReadonlyMap<string, Buffer>;
}

/** Visa: cryptogram version 10. UnionPay: version 01 of PBOC. Both over the same data, in the order below. */
function cryptogram(chip: Personalised, from: ReadonlyMap<string, Buffer>, atc: Buffer, cvr: Buffer): Buffer {
  const asked = ['9F02', '9F03', '9F1A', '95', '5F2A', '9A', '9C', '9F37'].map(
    (tag) => from.get(tag) ?? Buffer.alloc(0),
  );
  const data = Buffer.concat([...asked, chip.profile, atc, cvr]);
  const key = cardKey(issuerMasterKey, chip.pan, chip.card.sequence);
  return chip.card.scheme === 'visa' ? mac(key, pad(data, 1)) : mac(sessionKey(key, atc), pad(data, 2));
}

function decide(card: EmvDefinition, ttq: Buffer): Decision {
  const onlineRequired = ((ttq[1] ?? 0) & 0x80) !== 0;
  return card.decision === 'TC' && onlineRequired ? 'ARQC' : card.decision;
}

/** Does the terminal want a signature? For TC always; for ARQC when it says so (TTQ byte 1 bit 1, UnionPay also byte 4 bit 8). */
function signs(card: EmvDefinition, ttq: Buffer, decision: Decision): boolean {
  if (decision !== 'ARQC') return decision === 'TC';
  return ((ttq[0] ?? 0) & 0x01) !== 0 || (card.scheme === 'unionpay' && ((ttq[3] ?? 0) & 0x80) !== 0);
}

const blocks: readonly BlockFault[] = ['header', 'trailer', 'format', 'algorithm', 'hash', 'padding'];

/** A signature's fault where it is one of its block. */
export function blockFault(card: EmvDefinition): BlockFault | undefined {
  return blocks.find((place) => place === card.faults.signature);
}

/** The live signature over this payment; a card with that fault signs another one. */
function signature(chip: Personalised, from: ReadonlyMap<string, Buffer>, related: Buffer): Buffer {
  if (chip.card.faults.signature === 'missing') return Buffer.alloc(0);
  const asked = ['9F37', '9F02', '5F2A'].map((tag) => from.get(tag) ?? Buffer.alloc(0));
  const terminal = chip.card.faults.signature === 'wrong' ? hex('00') : Buffer.concat([...asked, related]);
  const number = randomBytes(4);
  const data = Buffer.concat([Buffer.from([number.length]), number]);
  return tlv('9F4B', dynamicSignature(chip.keys.card, '95', data, terminal, blockFault(chip.card)));
}

/** Kernels 3 and 7: the answer to GET PROCESSING OPTIONS says it all. */
export function processQualified(chip: Personalised, from: ReadonlyMap<string, Buffer>, atc: Buffer): Answered {
  const { card } = chip;
  const ttq = from.get('9F66') ?? Buffer.alloc(4);
  const decision = decide(card, ttq);
  const signed = signs(card, ttq, decision);
  const ctq = hex(((ttq[1] ?? 0) & 0x40) !== 0 ? card.ctq.above : card.ctq.below);
  const cvr = hex(`03${results[decision]}0000`);
  const version = card.faults.signature === 'version' ? '00' : '01';
  const related = Buffer.concat([hex(version), randomBytes(4), ctq]);
  const issuerData = card.scheme === 'visa' ? [hex('06010A'), cvr] : [hex('070101'), cvr, hex('01')];
  const options = tlv(
    '77',
    tlv('57', chip.track2),
    tlv('82', chip.profile),
    tlv('94', hex(signed ? '10010101 18010300' : '10010101')),
    tlv('5F34', hex(card.sequence)),
    tlv('9F10', ...issuerData),
    tlv('9F26', cryptogram(chip, from, atc, cvr)),
    tlv('9F27', hex(decisions[decision])),
    tlv('9F36', atc),
    tlv('9F6C', ctq),
    signed ? signature(chip, from, related) : Buffer.alloc(0),
  );
  const certificates = signed ? certificateRecords(chip, tlv('9F69', related)) : [];
  return { options, records: new Map([['2.1', tlv('70', chip.record)], ...certificates]) };
}
