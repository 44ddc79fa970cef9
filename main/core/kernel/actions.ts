import type { CryptogramType } from './risk.ts';

/** Action codes of the terminal or the issuer: which findings decline, and which go online (five bytes each). */
export interface ActionCodes {
  readonly denial: Uint8Array;
  readonly online: Uint8Array;
  readonly default: Uint8Array;
}

const ISSUER_TAGS = { denial: '9F0E', online: '9F0F', default: '9F0D' } as const;

/** The issuer's action codes; one that is missing denies nothing and goes online for everything (EMV Book 3, 10.7). */
export function issuerActions(data: ReadonlyMap<string, Uint8Array>): ActionCodes {
  const code = (name: keyof ActionCodes) => {
    const value = data.get(ISSUER_TAGS[name]);
    return value?.length === 5 ? value : new Uint8Array(5).fill(name === 'denial' ? 0 : 0xff);
  };
  return { denial: code('denial'), online: code('online'), default: code('default') };
}

function met(results: Uint8Array, terminal: Uint8Array, issuer: Uint8Array): boolean {
  return results.some((byte, at) => (byte & (terminal[at]! | issuer[at]!)) !== 0);
}

/**
 * Terminal action analysis (EMV Book 3, 10.7): which cryptogram to ask for. The default codes decide for a terminal that
 * never goes online.
 */
export function actionAnalysis(
  results: Uint8Array,
  terminal: ActionCodes,
  issuer: ActionCodes,
  offlineOnly: boolean,
): CryptogramType {
  if (met(results, terminal.denial, issuer.denial)) return 'AAC';
  if (offlineOnly) return met(results, terminal.default, issuer.default) ? 'AAC' : 'TC';
  return met(results, terminal.online, issuer.online) ? 'ARQC' : 'TC';
}
