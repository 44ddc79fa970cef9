import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Target {
  readonly type: string;
  readonly url: string;
  readonly webSocketDebuggerUrl: string;
}

/** The address that Chromium's debugger prints when it is ready, or undefined in any other line. */
export function debuggerAddress(text: string): string | undefined {
  return /DevTools listening on ws:\/\/([^/\s]+)\//.exec(text)?.[1];
}

/** The name of a window for its picture: `?window=NAME`, else its page's file name, else its place in the row. */
export function windowName(url: string, place: number): string {
  const parsed = URL.parse(url);
  const asked = parsed?.searchParams.get('window') ?? '';
  const file = /([a-z0-9-]+)\.html$/i.exec(parsed?.pathname ?? '')?.[1] ?? '';
  const name = asked !== '' ? asked : file;
  return /^[a-z0-9-]+$/i.test(name) && name !== 'index' ? name : `window-${place + 1}`;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** One question to a page over its debugger connection. */
function ask(socket: WebSocket, id: number, method: string, params: object): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const listen = (event: MessageEvent) => {
      const answer = JSON.parse(String(event.data)) as { id?: number; result?: Record<string, unknown> };
      if (answer.id !== id) return;
      socket.removeEventListener('message', listen);
      resolve(answer.result ?? {});
    };
    socket.addEventListener('message', listen);
    socket.addEventListener('close', () => reject(new Error('The window closed.')), { once: true });
    socket.send(JSON.stringify({ id, method, params }));
  });
}

/** Waits until the page shows words and has shown the same for a second; gives up after 30. */
async function settled(socket: WebSocket): Promise<void> {
  const expression = 'document.readyState + document.body.innerText';
  let before = '';
  let same = 0;
  for (let round = 1; round < 120 && same < 4; round += 1) {
    const answer = await ask(socket, round, 'Runtime.evaluate', { expression, returnByValue: true });
    const now = String((answer['result'] as { value?: unknown } | undefined)?.value ?? '');
    same = now === before && now.length > 'complete'.length ? same + 1 : 0;
    before = now;
    await pause(250);
  }
}

async function picture(target: Target, path: string): Promise<void> {
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true });
    socket.addEventListener('error', () => reject(new Error('The window cannot be reached.')), { once: true });
  });
  await settled(socket);
  const shot = await ask(socket, 1_000, 'Page.captureScreenshot', { format: 'png' });
  writeFileSync(path, Buffer.from(String(shot['data'] ?? ''), 'base64'));
  socket.close();
}

/** Takes a picture of every window; returns the files written under `folder`. */
export async function pictures(address: string, folder: string): Promise<string[]> {
  let targets: Target[] = [];
  for (let round = 0; round < 60; round += 1) {
    const answer = await fetch(`http://${address}/json/list`);
    targets = ((await answer.json()) as Target[]).filter((target) => target.type === 'page');
    if (targets.length > 0 && round >= 4) break;
    await pause(500);
  }
  const written: string[] = [];
  for (const [place, target] of targets.entries()) {
    const name = `screenshot-${windowName(target.url, place)}.png`;
    await picture(target, join(folder, name));
    written.push(name);
  }
  return written;
}
