import { readFileSync } from 'node:fs';
import berTlv from 'ber-tlv';
import NodeTlv from 'node-tlv';
import { z } from '../contract/schema.ts';
import { decode, encode, leaves, type Tlv } from '../main/core/kernel/tlv.ts';
import type { Figure } from './figure.ts';
import { ROUNDS, rate } from './rate.ts';

const { TlvFactory } = berTlv;
type TlvItem = ReturnType<typeof TlvFactory.primitiveTlv>;

const Trace = z.object({ exchanges: z.array(z.tuple([z.string(), z.string()])) });
/** A way to take data objects apart and to put one together, and the objects it found: hex of tag and value. */
interface Codec {
  readonly name: string;
  decode(bytes: Buffer): unknown;
  encode(tag: string, value: Buffer): unknown;
  flat(bytes: Buffer): string[];
}

function ours(nodes: readonly Tlv[]): string[] {
  return leaves(nodes).map(({ tag, value }) => `${tag} ${Buffer.from(value).toString('hex').toUpperCase()}`);
}

const own: Codec = {
  name: 'own',
  decode,
  encode,
  flat(bytes) {
    const read = decode(bytes);
    return read.ok ? ours(read.nodes) : [read.code];
  },
};

function berItems(items: readonly TlvItem[]): string[] {
  return items.flatMap(({ tag, value, items: parts }) =>
    parts && parts.length > 0 ? berItems(parts) : [`${tag.toUpperCase()} ${value.toString('hex').toUpperCase()}`],
  );
}

function nodeItems(tlv: NodeTlv): string[] {
  const parts = tlv.getChild();
  return parts.length > 0 ? parts.flatMap(nodeItems) : [`${tlv.getTag()} ${tlv.getValue()}`.toUpperCase()];
}

const peers: readonly Codec[] = [
  {
    name: 'ber-tlv',
    decode: (bytes) => TlvFactory.parse(bytes),
    encode: (tag, value) => TlvFactory.serialize(TlvFactory.primitiveTlv(tag, value)),
    flat: (bytes) => berItems(TlvFactory.parse(bytes)),
  },
  {
    name: 'node-tlv',
    decode: (bytes) => NodeTlv.parse(bytes),
    encode: (tag, value) => new NodeTlv(tag, value).getTLV(),
    flat: (bytes) => nodeItems(NodeTlv.parse(bytes)),
  },
];

/** Answers of published test cards, as the kernel's vectors hold them, without their status word. */
function answers(): Buffer[] {
  return ['mastercard-cda', 'unionpay-dda'].flatMap((name) => {
    const file = new URL(`../main/core/kernel/vectors/${name}.json`, import.meta.url);
    const { exchanges } = Trace.parse(JSON.parse(readFileSync(file, 'utf8')));
    return exchanges
      .filter(([, response]) => response.length > 8 && response.endsWith('9000'))
      .map(([, response]) => Buffer.from(response.slice(0, -4), 'hex'));
  });
}

function ratio(name: string, what: string, mine: number, best: number): Figure {
  return { name, what, value: mine / best, unit: '×', samples: ROUNDS, budget: { least: 3 } };
}

/** TLV against the quickest package that finds the same objects in the answers of published test cards. */
export async function benchTlv(): Promise<Figure[]> {
  const all = answers();
  const right = peers.filter((peer) => all.every((bytes) => peer.flat(bytes).join() === own.flat(bytes).join()));
  if (right.length === 0) throw new Error('No other package reads the answers right.');
  const objects = all.flatMap((bytes) => {
    const read = decode(bytes);
    return read.ok ? leaves(read.nodes).map(({ tag, value }) => [tag, Buffer.from(value)] as const) : [];
  });
  const decoding = (codec: Codec) => rate(() => all.forEach((bytes) => void codec.decode(bytes))) * all.length;
  const encoding = (codec: Codec) =>
    rate(() => objects.forEach(([tag, value]) => void codec.encode(tag, value))) * objects.length;
  const [decoded, encoded] = [decoding(own), encoding(own)];
  const names = right.map((peer) => peer.name).join(', ');
  return [
    { name: 'tlv-answers', what: 'card answers decoded', value: decoded, unit: '/s', samples: ROUNDS },
    ratio('tlv-decode-ratio', `card answers decoded, against ${names}`, decoded, Math.max(...right.map(decoding))),
    { name: 'tlv-objects', what: 'data objects encoded', value: encoded, unit: '/s', samples: ROUNDS },
    ratio('tlv-encode-ratio', `data objects encoded, against ${names}`, encoded, Math.max(...right.map(encoding))),
  ];
}
