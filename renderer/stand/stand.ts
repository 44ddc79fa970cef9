// A stand-in for the core, for looking at the screens while they are built: `vite --config build/vite.config.ts`, then
// /stand/stand.html?window=main|customer|virtual&scene=waiting&lang=en&person=owner&down&trouble. No part of the product.
import { RPCHandler } from '@orpc/server/message-port';
import { standRouter } from './router.ts';
import { counterView, customerView } from './scenes.ts';

const options = new URLSearchParams(location.search);
const scene = options.get('scene') ?? 'ready';
const theme = options.get('theme');
if (theme) localStorage.setItem('theme', theme);
const router = standRouter({ counter: counterView(scene, options), customer: customerView(scene, options) });

await import('../start.tsx');
if (scene !== 'unconnected') {
  const { port1, port2 } = new MessageChannel();
  new RPCHandler(router).upgrade(port1, { context: {} });
  port1.start();
  window.postMessage({ port: 'stand' }, location.origin, [port2]);
}
