import { createHash, randomBytes } from 'node:crypto';
import { dynamicSignature } from './certificate.ts';
import { cardKey, commonSessionKey, issuerMasterKey, mac, pad } from './cryptogram.ts';
import type { EmvDefinition } from './definition.ts';
import { cdol1, certificateRecords, type Personalised } from './personal.ts';
import { type Answered, blockFault } from './qualified.ts';
import { hex, readDol, splitDol, tlv } from './tlv.ts';

/** What a card with a PDOL asks for: kernel 2 knows no terminal qualifiers. */
export const mastercardPdol = hex('9F1A02 9F3501 9F4005');

const decisions = { TC: '40', ARQC: '80', AAC: '00' } as const;
type Decision = keyof typeof decisions;
/** First byte of the M/Chip card verification results that tells the cryptogram: TC, ARQC or AAC at the first GENERATE AC. */
const results = { TC: '90', ARQC: 'A0', AAC: '80' } as const;

const entries = readDol(cdol1);

/** Kernel 2 in EMV mode: where the records are; the cryptogram comes later. */
export function processMastercard(chip: Personalised): Answered {
  const options = tlv('77', tlv('82', chip.profile), tlv('94', hex('10010101 18010300')));
  return { options, records: new Map([['2.1', tlv('70', chip.record)], ...certificateRecords(chip)]) };
}

/** The weaker of what the terminal asks (top two bits of P1) and what the card would do. */
function decide(card: EmvDefinition, asked: number): Decision {
  const wanted = (['AAC', 'TC', 'ARQC'] as const)[asked >> 6];
  if (wanted === undefined || wanted === 'AAC' || card.decision === 'AAC') return 'AAC';
  return wanted === 'TC' && card.decision === 'TC' ? 'TC' : 'ARQC';
}

/** Application cryptogram over CDOL1 data, AIP, ATC and CVR, with EMV's common session key (EMV Book 2, 8.1 and A1.3). */
function cryptogram(chip: Personalised, from: ReadonlyMap<string, Buffer>, atc: Buffer, cvr: Buffer): Buffer {
  const asked = ['9F02', '9F03', '9F1A', '95', '5F2A', '9A', '9C', '9F37'].map(
    (tag) => from.get(tag) ?? Buffer.alloc(0),
  );
  const key = commonSessionKey(cardKey(issuerMasterKey, chip.pan, chip.card.sequence), atc);
  return mac(key, pad(Buffer.concat([...asked, chip.profile, atc, cvr]), 2));
}

const flipped = (bytes: Buffer): Buffer => Buffer.from(bytes.map((byte, at) => (at === 0 ? byte ^ 1 : byte)));

/**
 * GENERATE AC, first and only: cryptogram and, when bit 5 of P1 asks for it and the card does not decline, one signature over
 * it and over all that was said before (CDA, EMV Book 2, 6.6). Undefined when the data does not fit CDOL1.
 */
export function generateAc(
  chip: Personalised,
  p1: number,
  data: Buffer,
  pdolData: Buffer,
  atc: Buffer,
): Buffer | undefined {
  const from = splitDol(entries, data);
  if (from === undefined) return undefined;
  const { card } = chip;
  const decision = decide(card, p1);
  const cvr = hex(`${results[decision]}0000000000`);
  const ac = cryptogram(chip, from, atc, cvr);
  const information = tlv('9F27', hex(decisions[decision]));
  const counter = tlv('9F36', atc);
  const issuerData = tlv('9F10', hex('0114'), cvr, Buffer.alloc(10));
  if ((p1 & 0x10) === 0 || decision === 'AAC' || card.faults.signature === 'missing') {
    return tlv('77', information, counter, tlv('9F26', ac), issuerData);
  }
  const said = Buffer.concat([pdolData, data, information, counter, issuerData]);
  const dataHash = createHash('sha1').update(said).digest();
  const fault = card.faults.signature;
  const type = fault === 'type' ? (decision === 'TC' ? decisions.ARQC : decisions.TC) : decisions[decision];
  const dynamic = Buffer.concat([
    hex('08'),
    randomBytes(8),
    hex(type),
    ac,
    fault === 'data-hash' ? flipped(dataHash) : dataHash,
  ]);
  const over = fault === 'wrong' ? hex('00000000') : (from.get('9F37') ?? Buffer.alloc(0));
  const signature = dynamicSignature(chip.keys.card, '05', dynamic, over, blockFault(card));
  return tlv('77', information, counter, tlv('9F4B', signature), issuerData);
}
