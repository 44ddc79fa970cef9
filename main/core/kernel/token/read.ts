import { currencyNumber } from '../../../../contract/money.ts';
import { type Answer, selectCommand, status, statusText } from '../apdu.ts';
import { concat, hex, sameBytes, unhex } from '../bytes.ts';
import { type Channel, type Ended, refuse, type Step } from '../channel.ts';
import { maskPan } from '../mask.ts';
import type {
  CardData,
  CardDecline,
  CardOutcome,
  CardRequest,
  CardTag,
  CardTiming,
  OdaResult,
  Vault,
} from '../outcome.ts';
import { decode, find } from '../tlv.ts';
import type { ClosedLoop } from './config.ts';
import type { WalletCounters } from './counter.ts';
import { challengeBytes, type Token } from './format.ts';
import { type TokenFault, verifyToken } from './verify.ts';

/** What a terminal must know to take the bank's own wallet. */
export interface WalletTerminal {
  readonly closedLoop: ClosedLoop;
  /** As in field 41 of ISO 8583. */
  readonly terminalId: string;
  /** From this amount on the customer must be verified, minor units. */
  readonly verifyFromMinor: number;
  readonly counters: WalletCounters;
  readonly vault: Vault;
  /** Whether the wallet of this block token is on the block list. Left out: there is none. */
  readonly blocked?: (token: string) => boolean;
}

/** SIGN PAYMENT: challenge in, token out (docs/wallet-token.md, “Commands”). */
function payCommand(challenge: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(0x80, 0x52, 0x00, 0x00, challenge.length), challenge, Uint8Array.of(0));
}

const steps: Record<TokenFault['step'], NonNullable<OdaResult['step']>> = {
  format: 'static-data',
  issuer: 'ca-key',
  'issuer-signature': 'issuer-certificate',
  'device-key': 'icc-certificate',
  'device-signature': 'signature',
};

function wordOf(answer: Answer): CardOutcome | undefined {
  switch (answer.status) {
    case status.ok:
      return undefined;
    case status.seePhone:
      return { kind: 'tap-again', reason: 'see-phone' };
    case status.conditions:
      return { kind: 'declined', reason: 'card-declined' };
    case status.blocked:
      return { kind: 'refused', reason: 'application-blocked', detail: 'the wallet is blocked' };
    default:
      return { kind: 'refused', reason: 'card-data-invalid', detail: `SIGN PAYMENT: ${statusText(answer.status)}` };
  }
}

/** Version and wallet id that SELECT tells; undefined when it is no wallet of this format. */
function selected(answer: Answer, aid: string): { readonly wallet: string } | undefined {
  const read = decode(answer.data);
  if (!read.ok) return undefined;
  const name = find(read.nodes, '6F', '84')?.value;
  const version = find(read.nodes, '6F', 'A5', 'C0')?.value;
  const wallet = find(read.nodes, '6F', 'A5', 'C2')?.value;
  if (!name || hex(name) !== aid || !version || hex(version) !== '01') return undefined;
  return wallet && /^\d{16}$/.test(hex(wallet)) ? { wallet: hex(wallet) } : undefined;
}

function ended(outcome: CardOutcome): () => Promise<CardOutcome> {
  return async () => outcome;
}

function endOf(step: Extract<Step<unknown>, { ok: false }>): () => Promise<Ended> {
  return async () => step.end;
}

/**
 * Asks a card for a closed-loop wallet and, when it is one, for a token over this payment: two exchanges. Gives back what
 * is to be done once the card may go; undefined when the card is no such wallet.
 */
export async function askWallet(
  channel: Channel,
  request: CardRequest,
  terminal: WalletTerminal,
): Promise<((timing: CardTiming) => Promise<CardOutcome>) | undefined> {
  const { aid } = terminal.closedLoop;
  const select = await channel.send('SELECT WALLET', selectCommand(unhex(aid)));
  if (!select.ok) return endOf(select);
  if (select.value.status === status.blocked) {
    return ended({ kind: 'refused', reason: 'application-blocked', detail: 'the wallet is blocked' });
  }
  if (select.value.status !== status.ok) return undefined;
  const wallet = selected(select.value, aid);
  if (!wallet) return endOf(refuse('card-data-invalid', 'SELECT WALLET: not a wallet of version 1'));
  if (request.transactionType !== '00') {
    return endOf(refuse('use-another-interface', 'the wallet signs purchases only'));
  }
  const verify = request.amount.minor >= terminal.verifyFromMinor;
  const challenge = challengeBytes({
    ...request,
    terminalId: terminal.terminalId,
    minor: request.amount.minor,
    currency: request.amount.currency,
    verify,
  });

  const answer = await channel.send('SIGN PAYMENT', payCommand(challenge));
  if (!answer.ok) return endOf(answer);
  const word = wordOf(answer.value);
  if (word) return ended(word);
  const bytes = answer.value.data;
  return (timing) => judge({ bytes, challenge, wallet: wallet.wallet, verify, request, terminal, timing });
}

interface Signed {
  readonly bytes: Uint8Array;
  readonly challenge: Uint8Array;
  /** What SELECT said. */
  readonly wallet: string;
  readonly verify: boolean;
  readonly request: CardRequest;
  readonly terminal: WalletTerminal;
  readonly timing: CardTiming;
}

/** Everything after the card may go: the signatures, then the issuer's bounds, then whether this token is a new one. */
async function judge(signed: Signed): Promise<CardOutcome> {
  const { closedLoop } = signed.terminal;
  const verified = verifyToken(signed.bytes, closedLoop.issuers);
  const { token } = verified;
  if (!token) return invalid(verified.ok ? 'token' : `token: ${verified.fault.reason}`);
  if (token.delegation.wallet !== signed.wallet) return invalid('the token is of another wallet than the one selected');
  if (!sameBytes(token.challenge, signed.challenge)) return invalid('the token is over another challenge');
  if (!verified.ok) {
    const { step, reason } = verified.fault;
    return declined('oda-failed', signed, token, failed(steps[step], `${step}: ${reason}`));
  }
  return (await bounds(signed, token)) ?? taken(signed, token);
}

const passed: OdaResult = { method: 'token', result: 'passed' };

/** What the issuer does not allow; undefined when it allows this payment. */
async function bounds(signed: Signed, token: Token): Promise<CardOutcome | undefined> {
  const { request, verify } = signed;
  const { currencyNumber: currency, expiry, ceilingMinor } = token.delegation;
  if (signed.terminal.blocked?.(signed.terminal.vault.blockToken(token.delegation.wallet))) {
    return declined('card-blocked', signed, token, passed);
  }
  if (currency !== currencyNumber(request.amount.currency)) {
    return declined('terminal-declined', signed, token, passed);
  }
  if (expiry < request.date) return declined('card-expired', signed, token, passed);
  if (request.amount.minor > ceilingMinor) {
    return { kind: 'refused', reason: 'amount-above-limit', detail: 'above what the wallet’s issuer allows at once' };
  }
  return verify && !token.verified ? declined('terminal-declined', signed, token, passed) : undefined;
}

/** Takes a token once: its counter must be above every one seen of this wallet. */
async function taken(signed: Signed, token: Token): Promise<CardOutcome> {
  const { vault, counters } = signed.terminal;
  const card = await walletData(signed, token, passed);
  const key = vault.token(token.delegation.wallet);
  const last = counters.last(key);
  if (last !== undefined && token.counter <= last) {
    return declined('oda-failed', signed, token, failed('counter', 'has not grown'));
  }
  counters.advance(key, token.counter);
  return { kind: 'online', deferrable: true, card };
}

function invalid(detail: string): CardOutcome {
  return { kind: 'refused', reason: 'card-data-invalid', detail };
}

function failed(step: NonNullable<OdaResult['step']>, reason: string): OdaResult {
  return { method: 'token', result: 'failed', step, reason };
}

async function declined(reason: CardDecline, signed: Signed, token: Token, oda: OdaResult): Promise<CardOutcome> {
  return { kind: 'declined', reason, card: await walletData(signed, token, oda) };
}

async function walletData(signed: Signed, token: Token, oda: OdaResult): Promise<CardData> {
  const { terminal, bytes, timing } = signed;
  const { delegation } = token;
  const maskedPan = maskPan(delegation.wallet);
  return {
    scheme: 'wallet',
    aid: terminal.closedLoop.aid,
    label: terminal.closedLoop.label,
    kernel: 0,
    maskedPan,
    token: terminal.vault.token(delegation.wallet),
    expiry: delegation.expiry.slice(0, 4),
    oda,
    cvm: token.verified ? 'cdcvm' : 'none',
    cryptogram: { type: 'ARQC', value: hex(token.deviceSignature), atc: token.counter },
    iccData: '',
    sealed: await terminal.vault.seal({ walletToken: Buffer.from(bytes).toString('base64url') }),
    tags: tagsOf(token, maskedPan),
    timing,
  };
}

/** The token's parts as data objects, safe to show: the wallet id masked. */
function tagsOf(token: Token, maskedPan: string): CardTag[] {
  const { delegation } = token;
  const tags: readonly Omit<CardTag, 'from'>[] = [
    { tag: 'C1', name: 'Issuer', value: hex(new TextEncoder().encode(delegation.issuer)), text: delegation.issuer },
    { tag: 'C2', name: 'Wallet id', value: maskedPan },
    { tag: 'C3', name: 'Device key', value: hex(delegation.deviceKey), text: delegation.algorithm },
    { tag: 'C4', name: 'Ceiling', value: String(delegation.ceilingMinor).padStart(12, '0') },
    { tag: 'C5', name: 'Currency', value: `0${delegation.currencyNumber}` },
    { tag: 'C6', name: 'Expiry', value: delegation.expiry },
    { tag: 'C7', name: 'Issuer signature', value: hex(token.issuerSignature) },
    { tag: 'C8', name: 'Verification', value: token.verified ? '01' : '00' },
    { tag: 'C9', name: 'Counter', value: token.counter.toString(16).toUpperCase().padStart(8, '0') },
    { tag: 'CA', name: 'Challenge', value: hex(token.challenge) },
    { tag: 'CB', name: 'Device signature', value: hex(token.deviceSignature) },
  ];
  return tags.map((tag) => ({ ...tag, from: 'SIGN PAYMENT' }));
}
