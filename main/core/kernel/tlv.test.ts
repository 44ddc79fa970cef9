import fc from 'fast-check';
import { expect, test } from 'vitest';
import { concat, hex, sameBytes, unhex } from './bytes.ts';
import { decode, encode, find, leaves, type Tlv, wrap } from './tlv.ts';

function code(text: string): string {
  const result = decode(unhex(text));
  return result.ok ? 'ok' : result.code;
}

test('a PPSE answer is read to its leaves', () => {
  const result = decode(unhex('6F1C840E325041592E5359532E4444463031A50ABF0C0761054F03A00000'));
  expect(result.ok).toBe(true);
  const nodes = result.ok ? result.nodes : [];
  expect(hex(find(nodes, '6F', '84')!.value)).toBe('325041592E5359532E4444463031');
  expect(hex(find(nodes, '6F', 'A5', 'BF0C', '61', '4F')!.value)).toBe('A00000');
  expect(leaves(nodes).map((leaf) => leaf.tag)).toEqual(['84', '4F']);
  expect(find(nodes, '6F', '99', '4F')).toBeUndefined();
});

test('padding is skipped, long lengths are read', () => {
  expect(code('0000820219800000')).toBe('ok');
  expect(code(`9F108180${'00'.repeat(128)}`)).toBe('ok');
  expect(code(`9F10820080${'00'.repeat(128)}`)).toBe('ok');
});

test.each([
  ['82', 'truncated'],
  ['9F', 'truncated'],
  ['820219', 'truncated'],
  ['8281', 'truncated'],
  ['828201', 'truncated'],
  ['7005820219', 'truncated'],
  ['8280', 'length'],
  ['7080820219800000', 'length'],
  ['8283000001FF', 'length'],
  ['8284000000', 'length'],
  ['DF81818101FF', 'tag'],
  ['5A0112 5A0112', 'duplicate'],
  ['57011270035701 12', 'duplicate'],
  ['9F0200 9F0200', 'duplicate'],
])('%s is refused: %s', (text, expected) => {
  expect(code(text.replaceAll(' ', ''))).toBe(expected);
});

test('depth, count and size are bounded', () => {
  let bomb = unhex('8200');
  for (let depth = 0; depth < 5; depth++) bomb = wrap('70', bomb);
  expect(decode(bomb).ok).toBe(true);
  expect(decode(wrap('70', bomb))).toMatchObject({ code: 'depth' });
  expect(decode(unhex('8200'.repeat(512))).ok).toBe(true);
  expect(decode(unhex('8200'.repeat(513)))).toMatchObject({ code: 'objects' });
  expect(decode(new Uint8Array(65_537))).toMatchObject({ code: 'size' });
  expect(() => encode('82', new Uint8Array(65_536))).toThrow(RangeError);
});

const primitive = fc.constantFrom('82', '9F26', '50', 'DF8101', 'C1', '9F7F', '4F');
const constructed = fc.constantFrom('70', 'A5', 'BF0C', '61', 'FF8101');
const { tree } = fc.letrec<{ tree: { tag: string; value?: Uint8Array; parts?: unknown[] } }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.record({ tag: primitive, value: fc.uint8Array({ maxLength: 300 }) }),
    fc.record({ tag: constructed, parts: fc.array(tie('tree'), { maxLength: 3 }) }),
  ),
}));

function write(node: { tag: string; value?: Uint8Array; parts?: unknown[] }): Uint8Array {
  return node.value
    ? encode(node.tag, node.value)
    : wrap(node.tag, ...(node.parts ?? []).map((part) => write(part as typeof node)));
}

function rewrite(node: Tlv): Uint8Array {
  return node.children ? wrap(node.tag, ...node.children.map(rewrite)) : encode(node.tag, node.value);
}

test('what is encoded is decoded again, object by object', () => {
  fc.assert(
    fc.property(fc.array(tree, { maxLength: 4 }), (nodes) => {
      const bytes = concat(...nodes.map(write));
      const result = decode(bytes);
      return result.ok && sameBytes(concat(...result.nodes.map(rewrite)), bytes);
    }),
    { numRuns: 500 },
  );
});

test('a cut or bent message gives a code, never an exception, and never reads past its end', () => {
  const sample = unhex('6F3B8408A000000333010102A52F500B55494343204352454449548701015F2D02636E9F1101019F120B55');
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 64 }),
        fc.tuple(fc.nat(sample.length - 1), fc.nat(255)).map(([at, byte]) => sample.with(at, byte)),
        fc.nat(sample.length).map((end) => sample.slice(0, end)),
      ),
      (bytes) => {
        const result = decode(bytes);
        return result.ok
          ? leaves(result.nodes).every((leaf) => leaf.value.length <= bytes.length)
          : result.at <= bytes.length;
      },
    ),
    { numRuns: 20_000 },
  );
});
