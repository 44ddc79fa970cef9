import { randomBytes } from 'node:crypto';
import { type Certified, cardCertificate, dynamicSignature } from './certificate.ts';
import { type Chip, type Command, isUidCommand, readCommand, type Stage, sw } from './chip.ts';
import { cardKey, issuerMasterKey, mac, pad, sessionKey } from './cryptogram.ts';
import type { EmvDefinition } from './definition.ts';
import type { SigningKey } from './rsa.ts';
import { hex, readDol, splitDol, tlv, toHex, type Wanted } from './tlv.ts';

/** TTQ, amounts, country, TVR, currency, date, type, unpredictable number: what both schemes' cards ask for. */
const pdol = hex('9F6604 9F0206 9F0306 9F1A02 9505 5F2A02 9A03 9C01 9F3704');
const ppseName = '325041592E5359532E4444463031';
const kernels = { visa: '03', unionpay: '07' } as const;
/** AIP: dynamic data authentication supported. */
const profiles = { visa: '2000', unionpay: '7C00' } as const;
/** Top two bits of cryptogram information data, tag 9F27. */
const decisions = { TC: '40', ARQC: '80', AAC: '00' } as const;
/** Second byte of the card verification results: what the first cryptogram was, no second one asked. */
const results = { TC: '90', ARQC: 'A0', AAC: '80' } as const;
type Decision = keyof typeof decisions;

/** The keys a card is made with: where its issuer's certificate hangs, and its own key. */
export interface CardKeys {
  readonly caIndex: string;
  readonly issuer: SigningKey;
  readonly issuerCertificate: Certified;
  readonly card: SigningKey;
}

/** A card as its issuer handed it out: fixed records and keys. */
export interface Personalised {
  readonly card: EmvDefinition;
  readonly pan: string;
  readonly keys: CardKeys;
  readonly certificate: Certified;
  /** The record under offline data authentication, without its template. */
  readonly signed: Buffer;
}

/** Makes a card: its signed record and the certificate over it (EMV Book 2, 6.1; AIP counted in by tag 9F4A). */
export function personalise(card: EmvDefinition, pan: string, keys: CardKeys): Personalised {
  const signed = Buffer.concat([
    tlv('5A', hex(pan.length % 2 === 0 ? pan : `${pan}F`)),
    tlv('5F24', hex(card.expiry)),
    tlv('5F25', hex(card.effective)),
    tlv('5F28', hex(card.country)),
    tlv('5F20', Buffer.from(card.holder, 'latin1')),
    tlv('9F07', hex('FF00')),
    tlv('9F4A', hex('82')),
  ]);
  const staticData = Buffer.concat([signed, hex(profiles[card.scheme])]);
  const certificate = cardCertificate(keys.issuer, keys.card, pan, '1249', staticData);
  return { card, pan, keys, certificate, signed };
}

function ppse(card: EmvDefinition): Buffer {
  const entry = tlv(
    '61',
    tlv('4F', hex(card.aid)),
    tlv('50', Buffer.from(card.application, 'latin1')),
    tlv('87', hex('01')),
    tlv('9F2A', hex(kernels[card.scheme])),
  );
  return tlv('6F', tlv('84', hex(ppseName)), tlv('A5', tlv('BF0C', entry)));
}

function application(card: EmvDefinition): Buffer {
  const label = Buffer.from(card.application, 'latin1');
  const proprietary = tlv(
    'A5',
    tlv('50', label),
    tlv('87', hex('01')),
    tlv('9F38', pdol),
    tlv('5F2D', Buffer.from(card.scheme === 'unionpay' ? 'zh' : 'en', 'latin1')),
    tlv('9F11', hex('01')),
    tlv('9F12', label),
    tlv('BF0C', tlv('9F4D', hex('0B0A'))),
  );
  return tlv('6F', tlv('84', hex(card.aid)), proprietary);
}

/** Visa: cryptogram version 10. UnionPay: version 01 of PBOC. Both over the same data, in the order below. */
function cryptogram(chip: Personalised, from: ReadonlyMap<string, Buffer>, atc: Buffer, cvr: Buffer): Buffer {
  const asked = ['9F02', '9F03', '9F1A', '95', '5F2A', '9A', '9C', '9F37'].map(
    (tag) => from.get(tag) ?? Buffer.alloc(0),
  );
  const data = Buffer.concat([...asked, hex(profiles[chip.card.scheme]), atc, cvr]);
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

interface Answered {
  readonly options: Buffer;
  /** Records by “SFI.number”. */
  readonly records: ReadonlyMap<string, Buffer>;
}

/** The records a terminal needs to check the signature: CA index, issuer's and card's certificate, what the card hashed. */
function certificateRecords(chip: Personalised, related: Buffer): readonly [string, Buffer][] {
  const { keys } = chip;
  const { certificate, remainder } = keys.issuerCertificate;
  const parts = tlv(
    '70',
    tlv('8F', hex(keys.caIndex)),
    tlv('9F32', keys.issuer.exponent),
    tlv('92', remainder),
    tlv('9F47', keys.card.exponent),
    tlv('9F48', chip.certificate.remainder),
    tlv('9F69', related),
  );
  return [
    ['3.1', parts],
    ['3.2', tlv('70', tlv('90', certificate))],
    ['3.3', tlv('70', tlv('9F46', chip.certificate.certificate))],
  ];
}

/** The live signature over this payment; a card with that fault signs another one. */
function signature(chip: Personalised, from: ReadonlyMap<string, Buffer>, related: Buffer): Buffer {
  const asked = ['9F37', '9F02', '5F2A'].map((tag) => from.get(tag) ?? Buffer.alloc(0));
  const terminal = chip.card.faults.signature === 'wrong' ? hex('00') : Buffer.concat([...asked, related]);
  return dynamicSignature(chip.keys.card, randomBytes(4), terminal);
}

/** Everything one GET PROCESSING OPTIONS brings forth: its answer and the records it points at. */
function processOptions(chip: Personalised, from: ReadonlyMap<string, Buffer>, atc: Buffer): Answered {
  const { card } = chip;
  const ttq = from.get('9F66') ?? Buffer.alloc(4);
  const decision = decide(card, ttq);
  const signed = signs(card, ttq, decision);
  const ctq = hex(((ttq[1] ?? 0) & 0x40) !== 0 ? card.ctq.above : card.ctq.below);
  const cvr = hex(`03${results[decision]}0000`);
  const related = Buffer.concat([hex('01'), randomBytes(4), ctq]);
  const track2 = `${chip.pan}D${card.expiry.slice(0, 4)}2010000000000`;
  const issuerData = card.scheme === 'visa' ? [hex('06010A'), cvr] : [hex('070101'), cvr, hex('01')];
  const options = tlv(
    '77',
    tlv('57', hex(track2.length % 2 === 0 ? track2 : `${track2}F`)),
    tlv('82', hex(profiles[card.scheme])),
    tlv('94', hex(signed ? '10010101 18010300' : '10010101')),
    tlv('5F34', hex(card.sequence)),
    tlv('9F10', ...issuerData),
    tlv('9F26', cryptogram(chip, from, atc, cvr)),
    tlv('9F27', hex(decisions[decision])),
    tlv('9F36', atc),
    tlv('9F6C', ctq),
    signed ? tlv('9F4B', signature(chip, from, related)) : Buffer.alloc(0),
  );
  const records = new Map([['2.1', tlv('70', chip.signed)], ...(signed ? certificateRecords(chip, related) : [])]);
  return { options, records };
}

/** One presentation of a payment card. `nextAtc` counts the card's transactions; `unlocked` is false for a locked phone. */
export function emvChip(chip: Personalised, nextAtc: () => number, unlocked: boolean): Chip {
  const { card } = chip;
  const wanted: readonly Wanted[] = readDol(pdol);
  let stage: Stage = 'idle';
  let commands = 0;
  let chosen = false;
  let answered: Answered | undefined;
  let atc = Buffer.alloc(2);
  const left = new Set<string>();

  const select = (command: Command): string | Buffer => {
    const name = toHex(command.data);
    answered = undefined;
    chosen = false;
    if (name === ppseName) return ppse(card);
    if (command.data.length < 5 || !card.aid.startsWith(name)) return sw.noFile;
    chosen = true;
    return application(card);
  };

  const processingOptions = (command: Command): string | Buffer => {
    if (!chosen || answered !== undefined) return sw.conditions;
    const { data } = command;
    const from = data[0] === 0x83 && data[1] === data.length - 2 ? splitDol(wanted, data.subarray(2)) : undefined;
    if (from === undefined) return sw.wrongLength;
    const emvMode = ((from.get('9F66')?.[0] ?? 0) & 0x20) !== 0;
    if (!emvMode) return sw.conditions;
    if (!unlocked) {
      stage = 'refused';
      return sw.seePhone;
    }
    atc = Buffer.alloc(2);
    atc.writeUInt16BE(nextAtc() & 0xffff);
    answered = processOptions(chip, from, atc);
    left.clear();
    for (const name of answered.records.keys()) left.add(name);
    stage = 'answered';
    return answered.options;
  };

  const readRecord = (command: Command): string | Buffer => {
    if (answered === undefined) return sw.conditions;
    const name = `${command.p2 >> 3}.${command.p1}`;
    const record = answered.records.get(name);
    if (record === undefined) return sw.noRecord;
    left.delete(name);
    if (left.size === 0) stage = 'finished';
    return record;
  };

  const respond = (command: Command): string | Buffer => {
    if (isUidCommand(command)) return command.p1 === 0 ? Buffer.concat([hex('08'), randomBytes(3)]) : sw.noFunction;
    if (stage === 'idle') stage = 'selected';
    if (command.cla === 0x00 && command.ins === 0xa4) return command.p1 === 4 ? select(command) : sw.badParameters;
    if (command.cla === 0x80 && command.ins === 0xa8) return processingOptions(command);
    if (command.cla === 0x00 && command.ins === 0xb2) return readRecord(command);
    if (command.cla === 0x80 && command.ins === 0xca) {
      return command.p1 === 0x9f && command.p2 === 0x36 ? tlv('9F36', atc) : sw.noData;
    }
    return command.cla === 0x00 || command.cla === 0x80 ? sw.noInstruction : sw.noClass;
  };

  return {
    atr: hex(card.atr),
    mute: false,
    reset() {
      stage = stage === 'answered' || stage === 'finished' ? stage : 'idle';
      chosen = false;
      answered = undefined;
    },
    stage: () => stage,
    answer(apdu) {
      const command = readCommand(apdu);
      const polling = command !== undefined && isUidCommand(command);
      if (!polling) commands += 1;
      if (commands === card.faults.tornAt) return undefined;
      if (command === undefined) return hex(sw.wrongLength);
      const reply = respond(command);
      return typeof reply === 'string' ? hex(reply) : Buffer.concat([reply, hex(sw.ok)]);
    },
  };
}
