import type { Answered, Judged } from './carddata.ts';
import { withResults } from './carddata.ts';
import type { CardConfig } from './config.ts';
import type { TapContext } from './context.ts';
import { cvmResults, verification } from './cvm.ts';
import type { Said } from './dialogue.ts';
import { readIdentity } from './identity.ts';
import { fastDda } from './oda.ts';
import type { CardOutcome, CardRequest, OdaResult, Vault } from './outcome.ts';
import { restrictions } from './restrict.ts';
import { cryptogramType, type Decision, decide, riskFindings } from './risk.ts';
import type { Act, Finding } from './tvr.ts';

export type Verdict =
  | { readonly ok: true; readonly judged: Judged; readonly decision: Decision }
  | { readonly ok: false; readonly refused: Extract<CardOutcome, { kind: 'refused' }> };

export function refusal(reason: Extract<CardOutcome, { kind: 'refused' }>['reason'], detail: string): Verdict {
  return { ok: false, refused: { kind: 'refused', reason, detail } };
}

/** The final answer's mandatory objects of kernels 3 and 7, with the lengths they must have. */
function finalAnswer({ data }: Said): Answered | string {
  const [cryptogram, counter, applicationData] = [data.get('9F26'), data.get('9F36'), data.get('9F10')];
  if (cryptogram?.length !== 8) return 'no application cryptogram';
  if (counter?.length !== 2) return 'no transaction counter';
  if (!applicationData || applicationData.length < 1 || applicationData.length > 32)
    return 'no issuer application data';
  const stated = data.get('9F27');
  if (stated && stated.length !== 1) return 'cryptogram information data';
  const kind = cryptogramType(stated, applicationData);
  if (!kind) return 'cryptogram type';
  const qualifiers = data.get('9F6C');
  if (qualifiers && qualifiers.length !== 2) return 'card transaction qualifiers';
  return { cryptogram, counter, applicationData, ...kind };
}

function odaFindings(oda: OdaResult): Finding[] {
  if (oda.method === 'none') return ['odaNotPerformed'];
  if (oda.result === 'passed') return oda.method === 'sda' ? ['sdaSelected'] : [];
  return oda.method === 'sda' ? ['sdaSelected', 'sdaFailed'] : ['ddaFailed'];
}

/**
 * Judges a tap of kernels 3 and 7, after the card may go. What the terminal finds out is told and decides, but field 55
 * carries the verification results that the card had in its PDOL data, over which it made its cryptogram.
 */
export function judgeQualified(
  said: Said,
  request: CardRequest,
  config: CardConfig,
  vault: Vault,
  context: TapContext,
): Verdict {
  const answered = finalAnswer(said);
  if (typeof answered === 'string') {
    const stripe = !said.data.has('9F26') && (said.profile[1]! & 0x80) !== 0;
    return refusal(stripe ? 'mag-stripe-mode' : 'card-data-invalid', answered);
  }
  const read = readIdentity(said.data);
  if (!read.ok) return refusal('card-data-invalid', read.detail);
  const { pan } = read.identity;
  const ttq = said.terminal.get('9F66')!;
  const ctq = said.data.get('9F6C');
  const verified = verification(ttq, ctq, said.data.get('9F69'));
  if (!verified.ok && verified.reason === 'pin-required') {
    return refusal('use-another-interface', 'the card asks for a PIN, which cannot be entered here');
  }
  const cvm = verified.ok ? verified.cvm : 'none';
  const { profile, data, signed } = said;
  const { caKeys, revoked } = config.cards;
  const input = { caKeys, revoked, aid: said.candidate.aid, pan, today: request.date, profile, data, signed };
  const oda = fastDda(input, said.terminal);
  const findings = [
    ...odaFindings(oda),
    ...restrictions(data, said.terminal, read.identity, request.date),
    ...(verified.ok ? [] : (['cvmFailed'] as const)),
    ...riskFindings(said.risk, config.cards, context, vault, pan),
  ];
  const acts: Act[] = ['cvm', 'cardRisk', 'terminalRisk', ...(oda.method === 'none' ? [] : (['oda'] as const))];
  const terminal = withResults(said.terminal, cvmResults(cvm));
  const judged = { said, identity: read.identity, terminal, answered, oda, cvm, findings, acts };
  return { ok: true, judged, decision: decide({ type: answered.type, oda, findings, ttq, ctq }) };
}
