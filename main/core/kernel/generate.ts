import { actionAnalysis, issuerActions } from './actions.ts';
import { type Answer, generateCommand, recoverCommand, status, statusText } from './apdu.ts';
import { concat, hex, unhex } from './bytes.ts';
import { type Channel, done, end, refuse, type Step } from './channel.ts';
import type { CardConfig } from './config.ts';
import { mayRead, type TapContext } from './context.ts';
import { verifyByList } from './cvmlist.ts';
import { type DolEntry, fillDol, readDol } from './dol.ts';
import { type GeneratedAnswer, phoneWantsAction, readGenerated } from './generated.ts';
import type { Options } from './gpo.ts';
import { type Identity, readIdentity } from './identity.ts';
import { holdsPan } from './mask.ts';
import { cdaPossible } from './oda.ts';
import type { Cvm, Vault } from './outcome.ts';
import { restrictions } from './restrict.ts';
import { type CryptogramType, riskFindings } from './risk.ts';
import { type TerminalData, type Terms, verificationDue } from './terminal.ts';
import { type Finding, verificationResults } from './tvr.ts';

/** A cryptogram of kernel 2: what was asked and what came. */
export interface Generated {
  readonly requested: CryptogramType;
  readonly signatureAsked: boolean;
  /** PDOL data and CDOL1 data as they were sent: the first part of what the card's signature covers. */
  readonly hashed: Uint8Array;
  /** The terminal's data objects as they were sent. */
  readonly terminal: TerminalData;
  readonly findings: readonly Finding[];
  readonly cvm: Exclude<Cvm, 'online-pin'>;
  readonly answer: GeneratedAnswer;
  /** Answered to RECOVER AC, for a payment that was torn before. */
  readonly recovered: boolean;
}

type Asked = Omit<Generated, 'answer' | 'recovered'>;

/** Everything that is known when the records have been read. */
export interface Ready {
  readonly aid: string;
  readonly options: Options;
  readonly data: ReadonlyMap<string, Uint8Array>;
  /** Static data of the signed records; undefined when they cannot be authenticated. */
  readonly signed: Uint8Array | undefined;
  readonly terms: Terms;
  readonly terminal: TerminalData;
  readonly context: TapContext;
  readonly vault: Vault;
}

const CDA_SUPPORTED = 0x01;
const DEVICE_VERIFIES = 0x02;
const CVM_SUPPORTED = 0x10;
const CAPABILITY_SIGNATURE = 0x20;
const CAPABILITY_NO_CVM = 0x08;

/** Action codes where the configuration names none: everything that speaks against the card goes online. */
const actions = { denial: '0000000000', online: 'F45084F00C', default: 'F45084F00C' } as const;

function terminalActions(terms: Terms) {
  const codes = terms.application.actions ?? actions;
  return { denial: unhex(codes.denial), online: unhex(codes.online), default: unhex(codes.default) };
}

interface Verified {
  readonly cvm: Exclude<Cvm, 'online-pin'>;
  readonly results: Uint8Array;
  readonly findings: readonly Finding[];
}

/**
 * The cardholder's verification: on the customer's device where card and terminal can, else by the card's list, else none.
 * A card that insists on a PIN belongs to another terminal.
 */
function verified(ready: Ready): Step<Verified> {
  const { options, data, terms, terminal } = ready;
  const profile = options.profile[0]!;
  if ((profile & DEVICE_VERIFIES) !== 0) {
    return verificationDue(terms)
      ? done({ cvm: 'cdcvm', results: unhex('010002'), findings: [] })
      : done({ cvm: 'none', results: unhex('3F0002'), findings: [] });
  }
  if ((profile & CVM_SUPPORTED) === 0) return done({ cvm: 'none', results: unhex('3F0000'), findings: [] });
  const methods = terminal.get('9F33')![1]!;
  const list = verifyByList(data.get('8E'), {
    amountMinor: terms.request.amount.minor,
    cardCurrency: hex(data.get('9F42') ?? new Uint8Array()) === hex(terminal.get('5F2A')!),
    signature: (methods & CAPABILITY_SIGNATURE) !== 0,
    noCvm: (methods & CAPABILITY_NO_CVM) !== 0,
  });
  if (list.pinAsked && list.findings.includes('cvmFailed')) {
    return refuse('use-another-interface', 'the card asks for a PIN, which cannot be entered here');
  }
  return done(list);
}

function offlineOnly({ cards }: CardConfig): boolean {
  return ['3', '6'].includes((cards.terminalType ?? '22')[1]!);
}

/** Decides what to ask for and makes the command's data: findings, verification, action analysis, CDOL1. */
function prepare(ready: Ready, identity: Identity, cdol: readonly DolEntry[]): Step<Asked & { cdolData: Uint8Array }> {
  const { options, data, terms } = ready;
  const device = (options.profile[0]! & DEVICE_VERIFIES) !== 0;
  if (terms.request.amount.minor > (device ? terms.limits.deviceTransaction : terms.limits.transaction)) {
    return refuse('amount-above-limit', "above the application's contactless limit");
  }
  const cvm = verified(ready);
  if (!cvm.ok) return cvm;
  const cda = (options.profile[0]! & CDA_SUPPORTED) !== 0;
  const { caKeys } = terms.config.cards;
  const input = { ...ready, profile: options.profile, caKeys, today: terms.request.date };
  const able = cda ? cdaPossible(input) : { ok: false, missing: false };
  const authentication: Finding[] = cda ? (able.ok ? [] : ['cdaFailed']) : ['odaNotPerformed'];
  if (cda && able.missing) authentication.push('cardDataMissing');
  const findings = [
    ...authentication,
    ...restrictions(data, ready.terminal, identity, terms.request.date),
    ...cvm.value.findings,
    ...riskFindings(terms.risk, terms.config.cards, ready.context, ready.vault, identity.pan),
  ];
  const results = verificationResults(findings);
  const blocked = findings.includes('exceptionFile');
  const analysis = actionAnalysis(results, terminalActions(terms), issuerActions(data), offlineOnly(terms.config));
  const requested = blocked ? 'AAC' : analysis;
  const terminal = new Map([...ready.terminal, ['95', results], ['9F34', cvm.value.results]]);
  const cdolData = fillDol(cdol, new Map([...data, ...terminal]));
  return done({
    requested,
    signatureAsked: able.ok && requested !== 'AAC',
    hashed: concat(options.pdolData, cdolData),
    cdolData,
    terminal,
    findings,
    cvm: cvm.value.cvm,
  });
}

const controls = { AAC: 0x00, TC: 0x40, ARQC: 0x80 } as const satisfies Record<CryptogramType, number>;
const SIGNATURE = 0x10;
/** A card may give less than it is asked for, never more (EMV Book 3, 9.3). */
const rank = { AAC: 0, ARQC: 1, TC: 2 } as const satisfies Record<CryptogramType, number>;

/** An answer to GENERATE AC or RECOVER AC: a whole one, or the end. */
function answered(name: string, answer: Answer, asked: Asked, recovered: boolean): Step<Generated> {
  if (answer.status !== status.ok) return refuse('card-data-invalid', `${name}: ${statusText(answer.status)}`);
  const read = readGenerated(answer.data);
  if (typeof read === 'string') return refuse('card-data-invalid', `${name}: ${read}`);
  if (rank[read.type] > rank[asked.requested]) {
    return refuse('card-data-invalid', `${name}: a ${read.type} where a ${asked.requested} was asked for`);
  }
  if (read.type === 'AAC' && phoneWantsAction(read.data)) return end({ kind: 'tap-again', reason: 'see-phone' });
  return done({ ...asked, answer: read, recovered });
}

/** The payment of which a torn cryptogram may be taken up again: the same amount under the same number. */
function paymentKey({ request }: Terms): string {
  return `${request.sequence} ${request.amount.minor} ${request.amount.currency} ${request.transactionType}`;
}

/**
 * Asks a kernel 2 card for its cryptogram. A card that left in mid-command before, in the same payment, is first asked for
 * the one it made then (RECOVER AC); only when it has none is a new one made. A command without an answer ends the
 * payment's tap and is kept for that, when the card has a list for it (tag 9F51).
 */
export async function generateCryptogram(channel: Channel, ready: Ready): Promise<Step<Generated>> {
  const { data, terms, context } = ready;
  const read = readIdentity(data);
  if (!read.ok) return refuse('card-data-invalid', read.detail);
  if (!mayRead(context, read.identity.pan)) return refuse('live-card', 'a plain reader reads test cards only');
  const cdol = readDol(data.get('8C') ?? new Uint8Array());
  if (!cdol.ok || cdol.entries.length === 0) return refuse('card-data-invalid', 'no list of data for GENERATE AC');
  const drdol = readDol(data.get('9F51') ?? new Uint8Array());
  const token = ready.vault.token(read.identity.pan);
  const key = `${token} ${hex(data.get('5F34') ?? new Uint8Array())}`;
  const before = context.torn?.find(key, paymentKey(terms));
  if (before) {
    const recovered = await channel.send('RECOVER AC', recoverCommand(before.recoveryData));
    if (!recovered.ok) return recovered;
    context.torn?.remove(key);
    if (recovered.value.status === status.ok) return answered('RECOVER AC', recovered.value, before.asked, true);
  }
  const prepared = prepare(ready, read.identity, cdol.entries);
  if (!prepared.ok) return prepared;
  const { cdolData, ...asked } = prepared.value;
  const control = controls[asked.requested] | (asked.signatureAsked ? SIGNATURE : 0);
  const answer = await channel.send('GENERATE AC', generateCommand(control, cdolData));
  if (answer.ok) return answered('GENERATE AC', answer.value, asked, false);
  if (drdol.ok && drdol.entries.length > 0 && !holdsPan(asked.hashed, read.identity.pan)) {
    const recoveryData = fillDol(drdol.entries, new Map([...data, ...asked.terminal]));
    context.torn?.add({ key, payment: paymentKey(terms), recoveryData, asked });
  }
  return answer;
}
