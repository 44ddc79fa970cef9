import { hex, unhex } from './bytes.ts';
import type { CardConfig } from './config.ts';
import { iccField } from './de55.ts';
import type { Said } from './dialogue.ts';
import type { Identity } from './identity.ts';
import { holdsPan, maskPan } from './mask.ts';
import type { CardData, CardTiming, Cvm, OdaResult, Vault } from './outcome.ts';
import type { CryptogramType } from './risk.ts';
import { labelOf, showTags } from './shown.ts';
import type { TerminalData } from './terminal.ts';
import { type Act, type Finding, statusInformation, verificationResults } from './tvr.ts';

/** The objects of a final answer that go to the bank, whichever kernel brought them. */
export interface Answered {
  readonly type: CryptogramType;
  readonly cryptogram: Uint8Array;
  readonly counter: Uint8Array;
  /** Cryptogram information data, one byte. */
  readonly information: Uint8Array;
  readonly applicationData: Uint8Array | undefined;
}

/** What a kernel found, ready to be told. */
export interface Judged {
  readonly said: Said;
  readonly identity: Identity;
  /** Terminal data as the card saw it. */
  readonly terminal: TerminalData;
  readonly answered: Answered;
  readonly oda: OdaResult;
  readonly cvm: Exclude<Cvm, 'online-pin'>;
  readonly findings: readonly Finding[];
  readonly acts: readonly Act[];
  readonly recovered?: boolean;
}

/** Field 55 and the card's sequence number, or what speaks against sending them. */
export function iccData({ said, identity, terminal, answered }: Judged): { bytes: Uint8Array } | string {
  const sequence = said.data.get('5F34');
  if (sequence && !/^\d\d$/.test(hex(sequence))) return 'PAN sequence number';
  const values = new Map([
    ...terminal,
    ['9F26', answered.cryptogram] as const,
    ['9F27', answered.information] as const,
    ['9F36', answered.counter] as const,
    ['82', said.profile] as const,
    ['84', said.dedicatedName] as const,
  ]);
  if (answered.applicationData) values.set('9F10', answered.applicationData);
  if (sequence) values.set('5F34', sequence);
  const bytes = iccField(values);
  if (bytes.length > 255) return 'field 55 too long';
  return holdsPan(bytes, identity.pan) ? 'field 55 would carry the PAN' : { bytes };
}

/** What the rest of the core may know of the card: sealed, masked, tokened. */
export async function cardData(
  judged: Judged,
  icc: Uint8Array,
  config: CardConfig,
  vault: Vault,
  timing: CardTiming,
): Promise<CardData> {
  const { said, identity, answered } = judged;
  const { pan, track2, expiry } = identity;
  const { application } = said.candidate;
  const sequence = said.data.get('5F34');
  return {
    scheme: application.scheme,
    aid: hex(said.dedicatedName),
    label: labelOf(said.fci, application.scheme, pan),
    kernel: application.kernel,
    maskedPan: maskPan(pan),
    token: vault.token(pan),
    expiry,
    ...(sequence ? { panSequence: hex(sequence).padStart(3, '0') } : {}),
    oda: judged.oda,
    cvm: judged.cvm,
    cryptogram: {
      type: answered.type,
      value: hex(answered.cryptogram),
      atc: answered.counter[0]! * 256 + answered.counter[1]!,
    },
    iccData: hex(icc),
    sealed: await vault.seal({ pan, track2, expiry }),
    tags: showTags(said, pan),
    timing,
    findings: { tvr: hex(verificationResults(judged.findings)), tsi: hex(statusInformation(judged.acts)) },
    ...(config.cards.keys ? { keys: config.cards.keys } : {}),
    ...(judged.recovered ? { recovered: true } : {}),
  };
}

/** Terminal data with the results of a verification that the card did not have in its own (tag 9F34). */
export function withResults(terminal: TerminalData, results: string): TerminalData {
  return new Map([...terminal, ['9F34', unhex(results)]]);
}
