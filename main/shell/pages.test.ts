import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, fileFor, listPages } from './pages.ts';

const dir = mkdtempSync(join(tmpdir(), 'pages-'));
const folder = join(dir, 'renderer');
let pages: ReadonlyMap<string, string>;

beforeAll(() => {
  mkdirSync(join(folder, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Till</title>');
  writeFileSync(join(folder, 'assets/start.js'), 'export {};');
  writeFileSync(join(folder, 'assets/start.js.map'), '{}');
  writeFileSync(join(dir, 'secret.html'), 'secret');
  pages = listPages(folder);
});
afterAll(() => rmSync(dir, { recursive: true }));

describe('the pages', () => {
  it('are the files of the folder, of the types that pages need', () => {
    expect([...pages.keys()].sort()).toEqual(['/assets/start.js', '/index.html']);
  });

  it.each([
    'app://terminal/../secret.html',
    'app://terminal/..%2fsecret.html',
    'app://terminal/%2e%2e/secret.html',
    'app://terminal/assets/..%5c..%5csecret.html',
    'app://terminal//index.html',
    'app://terminal/',
    'app://terminal/index.html%00.js',
    'app://other/index.html',
    'app://user@terminal/index.html',
    'file:///etc/passwd',
    'not an address',
  ])('are not found at %s', async (address) => {
    expect(fileFor(pages, address)).toBeUndefined();
    expect((await answer(pages, address, 'GET')).status).toBe(404);
  });

  it('come with the policy that lets them run their own scripts only', async () => {
    const found = await answer(pages, 'app://terminal/index.html?window=main', 'GET');
    expect(found.status).toBe(200);
    expect(await found.text()).toContain('Till');
    expect(found.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = found.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
  });

  it('are read, never written to', async () => {
    expect((await answer(pages, 'app://terminal/index.html', 'POST')).status).toBe(405);
  });

  it('that vanished are not found', async () => {
    const path = join(folder, 'gone.html');
    writeFileSync(path, 'soon gone');
    const listed = listPages(folder);
    rmSync(path);
    expect((await answer(listed, 'app://terminal/gone.html', 'GET')).status).toBe(404);
  });
});
