import { concat, sameBytes, unhex } from '../bytes.ts';
import { fillDol, readDol } from '../dol.ts';
import { decode, encode, leaves, type Tlv, wrap } from '../tlv.ts';
import { randomFrom, spoil } from './random.ts';

/** How many inputs were thrown, and how many of them were taken. */
export interface Fuzzed {
  readonly inputs: number;
  readonly taken: number;
}

/** Ends a run with what is needed to see it again. */
export function found(seed: number, at: number, what: string): never {
  throw new Error(`seed ${seed}, input ${at}: ${what}`);
}

const samples = [
  '6F1C8407A0000000041010A511500F505043204D434420303420207632309000',
  '7716820259809410080101001001010118010200200102009000',
  '703E8F01EF9F47030100019F32030100019F482A8F9498797B9DE111BF5EB97EF1820BA654E4867F09D6BB41BCB1E4FB3E9D287ABD670319181347',
  '7081059F38009F0200',
  '9F7F820003010203',
  '7000000082020000',
].map(unhex);

function rewritten(node: Tlv): Uint8Array {
  return node.children ? wrap(node.tag, ...node.children.map(rewritten)) : encode(node.tag, node.value);
}

/** What is decoded lies inside the input, in order, and is found again when it is written anew. */
export function fuzzTlv(seed: number, count: number): Fuzzed {
  const random = randomFrom(seed);
  let taken = 0;
  for (let at = 0; at < count; at++) {
    let bytes = random.int(8) === 0 ? random.bytes(random.int(64)) : random.pick(samples);
    for (let n = random.int(4); n > 0; n--) bytes = spoil(random, bytes);
    const read = decode(bytes);
    if (!read.ok) {
      if (read.at > bytes.length) found(seed, at, 'a fault behind the end');
      continue;
    }
    taken += 1;
    const all = leaves(read.nodes);
    if (all.some(({ from, to, value }) => from < 0 || to > bytes.length || value.length > to - from)) {
      found(seed, at, 'an object outside the input');
    }
    const again = decode(concat(...read.nodes.map(rewritten)));
    const same =
      again.ok &&
      leaves(again.nodes).length === all.length &&
      leaves(again.nodes).every(({ tag, value }, n) => tag === all[n]!.tag && sameBytes(value, all[n]!.value));
    if (!same) found(seed, at, 'not the same objects when written anew');
  }
  return { inputs: count, taken };
}

const lists = ['9F66049F02069F03069F1A0295055F2A029A039C019F3704', '9F37049F35019F45029F4C089F3403', '8A029505'].map(
  unhex,
);

/** The data of a list is as long as the list asks, and never longer than a command holds. */
export function fuzzDol(seed: number, count: number): Fuzzed {
  const random = randomFrom(seed);
  const values = new Map([
    ['9F02', unhex('000000001280')],
    ['95', new Uint8Array(5)],
    ['9F37', unhex('01020304')],
    ['8A', unhex('3030')],
  ]);
  let taken = 0;
  for (let at = 0; at < count; at++) {
    let bytes = random.int(8) === 0 ? random.bytes(random.int(40)) : random.pick(lists);
    for (let n = random.int(4); n > 0; n--) bytes = spoil(random, bytes);
    const list = readDol(bytes);
    if (!list.ok) {
      if (list.at >= bytes.length) found(seed, at, 'a fault behind the end');
      continue;
    }
    taken += 1;
    const asked = list.entries.reduce((sum, entry) => sum + entry.length, 0);
    if (asked > 252 || fillDol(list.entries, values).length !== asked) found(seed, at, 'data of another length');
  }
  return { inputs: count, taken };
}
