import { randomBytes } from 'node:crypto';
import { type Chip, type Command, isUidCommand, readCommand, type Stage, sw } from './chip.ts';
import type { EmvDefinition } from './definition.ts';
import { generateAc, mastercardPdol, processMastercard } from './mastercard.ts';
import type { Personalised } from './personal.ts';
import { type Answered, processQualified, qualifiedPdol } from './qualified.ts';
import { hex, readDol, splitDol, tlv, toHex } from './tlv.ts';

const ppseName = '325041592E5359532E4444463031';
const kernels = { visa: '03', unionpay: '07', mastercard: '02' } as const;
const nothing = Buffer.alloc(0);

/** What a card keeps between presentations. */
export interface CardMemory {
  /** Counts the card's transactions. */
  nextAtc(): number;
  /** The last answer to GENERATE AC, for a terminal that did not get it. */
  lastAc: Buffer | undefined;
}

/** One of a card's applications: its AID, its name, its priority indicator. */
type Application = Pick<EmvDefinition, 'aid' | 'application' | 'priority'>;

function ppse(card: EmvDefinition): Buffer {
  const entries = [card, ...card.beside].map(({ aid, application, priority }) =>
    tlv(
      '61',
      tlv('4F', hex(aid)),
      tlv('50', Buffer.from(application, 'latin1')),
      tlv('87', hex(priority)),
      tlv('9F2A', hex(kernels[card.scheme])),
    ),
  );
  return tlv('6F', tlv('84', hex(ppseName)), tlv('A5', tlv('BF0C', ...entries)));
}

/** The list of what the card wants at GET PROCESSING OPTIONS; empty for a card without one. */
function pdolOf(card: EmvDefinition): Buffer {
  if (card.scheme !== 'mastercard') return qualifiedPdol;
  return card.pdol ? mastercardPdol : nothing;
}

function application(card: EmvDefinition, own: Application): Buffer {
  const label = Buffer.from(own.application, 'latin1');
  const pdol = pdolOf(card);
  const proprietary = tlv(
    'A5',
    tlv('50', label),
    tlv('87', hex(own.priority)),
    pdol.length > 0 ? tlv('9F38', pdol) : nothing,
    tlv('5F2D', Buffer.from(card.scheme === 'unionpay' ? 'zh' : 'en', 'latin1')),
    tlv('9F11', hex('01')),
    tlv('9F12', label),
    tlv('BF0C', tlv('9F4D', hex('0B0A'))),
  );
  return tlv('6F', tlv('84', hex(own.aid)), proprietary);
}

/** One transaction on the card: what was answered, and what is still to be asked. */
interface Transaction {
  readonly answered: Answered;
  readonly pdolData: Buffer;
  readonly atc: Buffer;
  /** Names of records not yet read, and `AC` for a cryptogram not yet asked for. */
  readonly left: Set<string>;
}

/** One presentation of a payment card. `unlocked` is false for a locked phone. */
export function emvChip(chip: Personalised, memory: CardMemory, unlocked: boolean): Chip {
  const { card } = chip;
  const wanted = readDol(pdolOf(card));
  const qualified = card.scheme !== 'mastercard';
  let stage: Stage = 'idle';
  let chosen = false;
  let transaction: Transaction | undefined;

  const select = (command: Command): string | Buffer => {
    const name = toHex(command.data);
    transaction = undefined;
    chosen = false;
    if (name === ppseName) return ppse(card);
    const own = [card, ...card.beside].find(({ aid }) => command.data.length >= 5 && aid.startsWith(name));
    if (own === undefined) return sw.noFile;
    chosen = true;
    return application(card, own);
  };

  const processingOptions = (command: Command): string | Buffer => {
    if (!chosen || transaction !== undefined) return sw.conditions;
    const { data } = command;
    const pdolData = data.subarray(2);
    const from = data[0] === 0x83 && data[1] === pdolData.length ? splitDol(wanted, pdolData) : undefined;
    if (from === undefined) return sw.wrongLength;
    if (qualified && ((from.get('9F66')?.[0] ?? 0) & 0x20) === 0) return sw.conditions;
    if (!unlocked) {
      stage = 'refused';
      return sw.seePhone;
    }
    const atc = Buffer.alloc(2);
    atc.writeUInt16BE(memory.nextAtc() & 0xffff);
    const answered = qualified ? processQualified(chip, from, atc) : processMastercard(chip);
    transaction = {
      answered,
      pdolData,
      atc,
      left: new Set([...answered.records.keys(), ...(qualified ? [] : ['AC'])]),
    };
    stage = 'answered';
    return answered.options;
  };

  const done = (name: string): void => {
    transaction?.left.delete(name);
    if (transaction?.left.size === 0) stage = 'finished';
  };

  const readRecord = (command: Command): string | Buffer => {
    if (transaction === undefined) return sw.conditions;
    const name = `${command.p2 >> 3}.${command.p1}`;
    const record = transaction.answered.records.get(name);
    if (record === undefined) return sw.noRecord;
    done(name);
    return record;
  };

  const cryptogram = (command: Command): string | Buffer => {
    if (transaction === undefined || !transaction.left.has('AC')) return sw.conditions;
    const answer = generateAc(chip, command.p1, command.data, transaction.pdolData, transaction.atc);
    if (answer === undefined) return sw.wrongLength;
    memory.lastAc = answer;
    done('AC');
    return answer;
  };

  /** RECOVER AC: the answer that a terminal lost, once. */
  const recover = (): string | Buffer => {
    const { lastAc } = memory;
    if (transaction === undefined || !card.recovers || lastAc === undefined) return sw.conditions;
    memory.lastAc = undefined;
    done('AC');
    return lastAc;
  };

  const getData = (command: Command): string | Buffer =>
    command.p1 === 0x9f && command.p2 === 0x36 ? tlv('9F36', transaction?.atc ?? Buffer.alloc(2)) : sw.noData;

  const respond = (command: Command): string | Buffer => {
    if (isUidCommand(command)) return command.p1 === 0 ? Buffer.concat([hex('08'), randomBytes(3)]) : sw.noFunction;
    if (stage === 'idle') stage = 'selected';
    const { cla, ins } = command;
    if (cla === 0x00 && ins === 0xa4) return command.p1 === 4 ? select(command) : sw.badParameters;
    if (cla === 0x80 && ins === 0xa8) return processingOptions(command);
    if (cla === 0x00 && ins === 0xb2) return readRecord(command);
    if (cla === 0x80 && ins === 0xca) return getData(command);
    if (cla === 0x80 && ins === 0xae && !qualified) return cryptogram(command);
    if (cla === 0x80 && ins === 0xd0 && !qualified) return recover();
    return cla === 0x00 || cla === 0x80 ? sw.noInstruction : sw.noClass;
  };

  return {
    atr: hex(card.atr),
    mute: false,
    reset() {
      stage = stage === 'answered' || stage === 'finished' ? stage : 'idle';
      chosen = false;
      transaction = undefined;
    },
    stage: () => stage,
    answer(apdu) {
      const command = readCommand(apdu);
      if (command === undefined) return hex(sw.wrongLength);
      const reply = respond(command);
      return typeof reply === 'string' ? hex(reply) : Buffer.concat([reply, hex(sw.ok)]);
    },
  };
}
