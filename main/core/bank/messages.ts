import type { IsoMessage } from './codec.ts';
import type { Dialect } from './dialects/dialect.ts';

/** What joins an answer to its request: message class, STAN, and what the dialect adds. */
export function keyOf(message: IsoMessage, { joined }: Pick<Dialect, 'joined'>): string {
  let key = `${message.mti.slice(0, 2)} ${message.fields.get(11) ?? ''}`;
  for (const number of joined) key += ` ${message.fields.get(number) ?? ''}`;
  return key;
}

/** What must be kept of a sent message to know its answer: no card data, no code. */
export function traceOf(sent: IsoMessage, { echoed }: Pick<Dialect, 'echoed'>): IsoMessage {
  return { mti: sent.mti, fields: new Map([...sent.fields].filter(([number]) => echoed.includes(number))) };
}

/** The first thing in which an answer is not the one of this request; undefined when it is (I5). The MAC is checked before. */
export function mismatch(sent: IsoMessage, answer: IsoMessage, dialect: Dialect): string | undefined {
  if (answer.mti !== `${sent.mti.slice(0, 2)}${answerDigit(sent.mti)}0`) return 'MTI';
  const differing = dialect.echoed.find((number) => {
    const value = sent.fields.get(number);
    if (value === undefined || value === answer.fields.get(number)) return false;
    return !(number === 4 && partlyApproved(sent, answer, dialect));
  });
  if (differing !== undefined) return `DE ${differing}`;
  return dialect.codeOf(answer) === undefined ? 'DE 39' : undefined;
}

/** A purchase may be approved in part (ISO 8583:1987 DE 39 value 10): DE 4 is then lower, and nothing else may differ. */
function partlyApproved(sent: IsoMessage, answer: IsoMessage, dialect: Dialect): boolean {
  if (sent.mti !== '0200' || !sent.fields.get(3)?.startsWith('00') || dialect.codeOf(answer) !== '10') return false;
  const [asked, approved] = [sent.fields.get(4) ?? '', answer.fields.get(4) ?? ''];
  return /^\d{12}$/.test(approved) && Number(approved) > 0 && Number(approved) < Number(asked);
}

/** Third digit of an answer's MTI: request 0 becomes 1, advice 2 becomes 3. */
function answerDigit(mti: string): number {
  return Number(mti[2]) + 1;
}
