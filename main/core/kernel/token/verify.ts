import type { Issuer } from './config.ts';
import { readToken, type Token } from './format.ts';
import { deviceKey, holds, issuerKey } from './keys.ts';

/** Why a token is not believed; `step` names the place. */
export interface TokenFault {
  readonly step: 'format' | 'issuer' | 'issuer-signature' | 'device-key' | 'device-signature';
  readonly reason: string;
}

export type VerifiedToken =
  | { readonly ok: true; readonly token: Token }
  /** `token` is there when it could be read; nothing in it is to be believed. */
  | { readonly ok: false; readonly fault: TokenFault; readonly token?: Token };

/**
 * Verifies a token's form and both its signatures against the issuers that the acquirer names. How it came here, what
 * amount is asked, what day it is: all that is judged by the caller.
 */
export function verifyToken(bytes: Uint8Array, issuers: readonly Issuer[]): VerifiedToken {
  const read = readToken(bytes);
  if (!read.ok) return { ok: false, fault: { step: 'format', reason: read.detail } };
  const { token } = read;
  const failed = (step: TokenFault['step'], reason: string) => ({ ok: false, fault: { step, reason }, token }) as const;
  const { delegation } = token;
  const issuer = issuers.find((one) => one.id === delegation.issuer);
  if (!issuer) return failed('issuer', 'not one that the acquirer names');
  if (!holds(issuer.alg, issuerKey(issuer.jwk), token.signedByIssuer, token.issuerSignature)) {
    return failed('issuer-signature', 'does not fit');
  }
  const key = deviceKey(delegation.algorithm, delegation.deviceKey);
  if (!key) return failed('device-key', 'no point of the curve');
  return holds(delegation.algorithm, key, token.signedByDevice, token.deviceSignature)
    ? { ok: true, token }
    : failed('device-signature', 'does not fit');
}
