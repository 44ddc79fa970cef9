import iconv from 'iconv-lite';
import type { Look } from './look.ts';
import { type Mark, printable, type Run } from './paper.ts';

/** The sign for a character the printer's font does not have. */
const noGlyph = '〓';

/** One two-byte code as a GBK font has it; the four-byte codes of GB 18030 fall apart into two that no such font has. */
function chineseGlyph(lead: number, trail: number): string {
  const valid = trail >= 0x40 && trail !== 0x7f && trail !== 0xff;
  const glyph = valid ? iconv.decode(Buffer.from([lead, trail]), 'gbk') : noGlyph;
  const privateUse = glyph >= '\ue000' && glyph <= '\uf8ff';
  return glyph.length === 1 && glyph !== '\ufffd' && !privateUse ? glyph : noGlyph;
}

const hasLook = (run: Run, look: Look): boolean =>
  run.bold === look.bold &&
  run.underline === look.underline &&
  run.invert === look.invert &&
  run.width === look.width &&
  run.height === look.height;

/** The line being set. */
export interface Composer {
  /** Sets bytes in the present look; a full line goes to the paper by itself. */
  text(bytes: Uint8Array, look: Look): void;
  /** Ends the line, empty or not. */
  end(look: Look): void;
  /** Ends the line if something stands on it. Says whether it did. */
  flush(look: Look): boolean;
  /** To the next tab stop, every eight columns. */
  tab(look: Look): void;
  /** Forgets what was not printed yet. */
  clear(): void;
}

/** Sets characters into lines of 576 dots. */
export function createComposer(put: (mark: Mark) => void): Composer {
  let runs: Run[] = [];
  let used = 0;
  let lead: number | undefined;

  const end = (look: Look): void => {
    put({ kind: 'line', align: look.align, runs, spacing: look.spacing });
    runs = [];
    used = 0;
    lead = undefined;
  };

  const glyph = (text: string, wide: boolean, look: Look): void => {
    const { bold, underline, invert, width, height } = look;
    const dots = (wide ? 24 : 12) * width;
    if (used + dots > printable) end(look);
    used += dots;
    const last = runs.at(-1);
    if (last !== undefined && last.wide === wide && hasLook(last, look)) {
      runs[runs.length - 1] = { ...last, text: last.text + text };
    } else runs.push({ text, wide, bold, underline, invert, width, height });
  };

  const text = (bytes: Uint8Array, look: Look): void => {
    for (const byte of bytes) {
      if (lead !== undefined) {
        const code = lead;
        lead = undefined;
        glyph(chineseGlyph(code, byte), true, look);
      } else if (look.chinese && byte >= 0x81 && byte <= 0xfe) lead = byte;
      else glyph(byte < 0x80 ? String.fromCharCode(byte) : iconv.decode(Buffer.from([byte]), look.page), false, look);
    }
  };

  const tab = (look: Look): void => {
    do glyph(' ', false, look);
    while ((used / 12) % 8 !== 0);
  };

  return {
    text,
    end,
    tab,
    flush(look) {
      const something = runs.length > 0;
      if (something) end(look);
      lead = undefined;
      return something;
    },
    clear() {
      runs = [];
      used = 0;
      lead = undefined;
    },
  };
}
