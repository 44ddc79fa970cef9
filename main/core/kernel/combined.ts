import type { CardConfig } from './config.ts';
import type { Said } from './dialogue.ts';
import type { Generated } from './generate.ts';
import { readIdentity } from './identity.ts';
import { combinedDda } from './oda.ts';
import type { CardRequest, OdaResult } from './outcome.ts';
import { refusal, type Verdict } from './qualified.ts';
import { type Decision, isProved } from './risk.ts';
import type { Act, Finding } from './tvr.ts';

/** What speaks against an approval later, without the issuer: none of it may have been found. */
const against: ReadonlySet<Finding> = new Set([
  'exceptionFile',
  'expired',
  'notYetEffective',
  'serviceNotAllowed',
  'cvmFailed',
  'upperLimitExceeded',
]);

/** What a kernel 2 cryptogram comes to. One whose signature was asked for and does not hold is worth nothing. */
function decide(generated: Generated, oda: OdaResult, findings: readonly Finding[]): Decision {
  const { answer, requested } = generated;
  const detail = oda.step === undefined ? '' : `${oda.step}: ${oda.reason ?? ''}`;
  if (answer.type === 'AAC') {
    if (findings.includes('exceptionFile')) {
      return { kind: 'declined', reason: 'card-blocked', detail: 'the card is on the block list' };
    }
    return requested === 'AAC'
      ? { kind: 'declined', reason: 'terminal-declined', detail: 'the action codes deny it' }
      : { kind: 'declined', reason: 'card-declined', detail: 'the card declined' };
  }
  const signed = generated.signatureAsked || answer.signature !== undefined;
  if (signed && oda.result !== 'passed') return { kind: 'declined', reason: 'oda-failed', detail };
  if (answer.type === 'ARQC') {
    return { kind: 'online', deferrable: isProved(oda) && !findings.some((finding) => against.has(finding)) };
  }
  return isProved(oda)
    ? { kind: 'approved-offline' }
    : { kind: 'declined', reason: 'oda-failed', detail: detail || 'not performed' };
}

/**
 * Judges a tap of kernel 2, after the card may go. Field 55 carries the verification results of GENERATE AC, over which
 * the card made its cryptogram; a signature that fails afterwards is told beside it and declines.
 */
export function judgeCombined(said: Said, generated: Generated, request: CardRequest, config: CardConfig): Verdict {
  const read = readIdentity(said.data);
  if (!read.ok) return refusal('card-data-invalid', read.detail);
  const { answer } = generated;
  const { caKeys, revoked } = config.cards;
  const { profile, data, signed } = said;
  const { pan } = read.identity;
  const input = { caKeys, revoked, aid: said.candidate.aid, pan, today: request.date, profile, data, signed };
  const { oda, cryptogram } = combinedDda(input, generated);
  const value = cryptogram ?? answer.cryptogram;
  const { type, information, counter, applicationData } = answer;
  const failed = oda.result === 'failed' && !generated.findings.includes('cdaFailed');
  const findings: Finding[] = failed ? [...generated.findings, 'cdaFailed'] : [...generated.findings];
  const acts: Act[] = ['cvm', 'cardRisk', 'terminalRisk', ...(oda.method === 'none' ? [] : (['oda'] as const))];
  const judged = {
    said,
    identity: read.identity,
    terminal: generated.terminal,
    // A cryptogram inside a signature that does not open stays unknown; the payment is declined.
    answered: { type, information, counter, applicationData, cryptogram: value ?? new Uint8Array(8) },
    oda,
    cvm: generated.cvm,
    findings,
    acts,
    recovered: generated.recovered,
  };
  return { ok: true, judged, decision: decide(generated, oda, findings) };
}
