import { hex } from './bytes.ts';
import type { Said } from './dialogue.ts';
import { holdsPan, maskValue } from './mask.ts';
import type { CardScheme, CardTag } from './outcome.ts';
import { tagEntry } from './tags.ts';
import { leaves, type Tlv } from './tlv.ts';

const names: Record<CardScheme, string> = {
  unionpay: 'UnionPay',
  visa: 'Visa',
  mastercard: 'Mastercard',
  jcb: 'JCB',
  wallet: 'Wallet',
};

/** Text of printable ASCII; undefined for anything else. */
function printable(value: Uint8Array): string | undefined {
  const text = Buffer.from(value).toString('latin1').trim();
  return /^[\x20-\x7e]+$/.test(text) ? text : undefined;
}

/** What a directory entry calls its application (tag 50), where that is readable and cannot hold a card's number. */
export function entryLabel(entry: readonly Tlv[], scheme: CardScheme): string {
  const label = leaves(entry).find((leaf) => leaf.tag === '50')?.value;
  const text = label && label.length <= 16 ? printable(label) : undefined;
  return text === undefined || /\d{6}/.test(text) ? names[scheme] : text;
}

/** What the card calls its application (tag 50), or the scheme's name when that is not readable or holds the PAN. */
export function labelOf(fci: readonly Tlv[], scheme: CardScheme, pan: string): string {
  const label = leaves(fci).find((leaf) => leaf.tag === '50')?.value;
  const usable = label && label.length <= 16 && !holdsPan(label, pan);
  return (usable && printable(label)) || names[scheme];
}

function shown(tag: string, value: Uint8Array, pan: string, from: string): CardTag {
  const { name, format } = tagEntry(tag);
  const masked = maskValue(tag, value, pan);
  const text = masked === hex(value) && (format === 'an' || format === 'ans') ? printable(value) : undefined;
  return { tag, name, value: masked, ...(text === undefined ? {} : { text }), from };
}

/** All data objects of the selected application with the exchange that brought each, safe to show: card data masked. */
export function showTags({ fci, data, sources, generated }: Said, pan: string): CardTag[] {
  const last = generated?.recovered ? 'RECOVER AC' : 'GENERATE AC';
  const selection = leaves(fci).map((leaf) => shown(leaf.tag, leaf.value, pan, 'SELECT'));
  return [...selection, ...[...data].map(([tag, value]) => shown(tag, value, pan, sources.get(tag) ?? last))];
}
