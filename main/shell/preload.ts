import { ipcRenderer } from 'electron';

declare const location: { readonly origin: string };
declare const window: { readonly postMessage: (message: unknown, origin: string, ports: readonly unknown[]) => void };

// The page gets one port to the core for each load, and is told when the core is silent; nothing else: no function, no
// object, no way to the shell.
ipcRenderer.on('port', (event, name: string) => {
  window.postMessage({ port: name }, location.origin, event.ports);
});
ipcRenderer.on('core', (_event, state: string) => {
  window.postMessage({ core: state }, location.origin, []);
});
