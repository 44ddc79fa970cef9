import type { ParameterAnswer } from './link.ts';
import { LARGEST_BUNDLE } from './parameters.ts';

/** Version and offset, or version and length, of nine digits each. */
const HEAD = /^(\d{9})(\d{9})([A-Za-z0-9_-]*)$/;

/**
 * Fetches a bundle of parameters part by part. Each question is the version that the terminal has and how many bytes came
 * already; each answer the version offered, its whole length and the next bytes (base64url). `ask` gives undefined for silence.
 */
export async function download(
  have: number,
  ask: (text: string) => Promise<string | undefined>,
): Promise<ParameterAnswer> {
  const parts: Buffer[] = [];
  let length = 0;
  for (let version: string | undefined; ; ) {
    const told = await ask(digits(have) + digits(length));
    if (told === undefined) return { kind: 'no-answer', detail: `silence after ${length} bytes` };
    const [, offered = '', whole = '', text = ''] = HEAD.exec(told) ?? [];
    const part = Buffer.from(text, 'base64url');
    const total = Number(whole);
    if (offered !== '' && total === 0 && length === 0) return { kind: 'none' };
    // A bundle that changes under the terminal's eyes is fetched anew the next time.
    if (offered === '' || (version ?? offered) !== offered || part.length === 0 || total > LARGEST_BUNDLE) {
      return { kind: 'no-answer', detail: `unclear after ${length} bytes` };
    }
    version = offered;
    parts.push(part);
    length += part.length;
    if (length > total) return { kind: 'no-answer', detail: 'more bytes than said' };
    if (length === total) return { kind: 'newer', bundle: Buffer.concat(parts) };
  }
}

function digits(value: number): string {
  return String(value).padStart(9, '0');
}
