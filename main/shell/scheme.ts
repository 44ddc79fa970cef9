import { type CustomScheme, type Protocol, protocol } from 'electron';
import { answer, listPages } from './pages.ts';

/**
 * The scheme's rights. A page of it is an ordinary secure page; it may neither fetch nor run service workers, and
 * other origins need CORS to read it.
 */
const scheme: CustomScheme = {
  scheme: 'app',
  privileges: { standard: true, secure: true, corsEnabled: true },
};

/** Makes the scheme known; before the app is ready. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([scheme]);
}

/** Serves the pages under `folder` on a session's protocol; once the app is ready. */
export function servePages(on: Protocol, folder: string): void {
  const pages = listPages(folder);
  on.handle('app', (request) => answer(pages, request.url, request.method));
}
