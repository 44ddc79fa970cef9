import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';

/** Where the pages live: `app://terminal/…`. */
export const origin = 'app://terminal';

/** What a page may load and do: its own scripts, styles, pictures and fonts; no connection, no frame, no form. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-src 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.mp3': 'audio/mpeg',
  '.ogg': 'audio/ogg',
};

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesUnder(path);
    return entry.isFile() ? [path] : [];
  });
}

/** The files under `folder` that may be served, by the path a page asks for; types the pages do not need are left out. */
export function listPages(folder: string): ReadonlyMap<string, string> {
  const paths = filesUnder(folder).filter((path) => Object.hasOwn(types, extname(path)));
  return new Map(paths.map((path) => [`/${relative(folder, path).split(sep).join('/')}`, path]));
}

/** The file for an address, or undefined for anything that is not exactly one of the pages' own files. */
export function fileFor(pages: ReadonlyMap<string, string>, address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  if (`${url.protocol}//${url.host}` !== origin || url.username !== '' || url.password !== '') return undefined;
  return pages.get(url.pathname);
}

function headers(path: string): Record<string, string> {
  return {
    'content-type': types[extname(path)] ?? 'application/octet-stream',
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  };
}

/** Answers one request: the file with the policy in its header, else 404, and 405 for anything but a read. */
export async function answer(pages: ReadonlyMap<string, string>, address: string, method: string): Promise<Response> {
  if (method !== 'GET') return new Response(null, { status: 405 });
  const path = fileFor(pages, address);
  if (path === undefined) return new Response(null, { status: 404, headers: headers('') });
  try {
    return new Response(new Uint8Array(await readFile(path)), { headers: headers(path) });
  } catch {
    return new Response(null, { status: 404, headers: headers('') });
  }
}
