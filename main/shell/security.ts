import { app, type Session, type WebContents, type WebPreferences } from 'electron';
import type { Log } from './log.ts';
import { origin } from './pages.ts';

/** What every page lives in: the sandbox, its own world, no Node, no developer tools in a release. */
export function webPreferences(preload: string): WebPreferences {
  return {
    preload,
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    experimentalFeatures: false,
    webviewTag: false,
    navigateOnDragDrop: false,
    spellcheck: false,
    safeDialogs: true,
    backgroundThrottling: false,
    autoplayPolicy: 'no-user-gesture-required',
    devTools: !app.isPackaged,
  };
}

/** True for the pages' own addresses and, outside a release, for the developer tools. */
function ownAddress(address: string): boolean {
  return address.startsWith(`${origin}/`) || (!app.isPackaged && address.startsWith('devtools://'));
}

/** A file that one of the pages made itself: a report to be saved. Nothing else is ever fetched into a file. */
function ownFile(address: string): boolean {
  return address.startsWith(`blob:${origin}/`);
}

/** A session that grants nothing and reaches nothing but the app's own pages. */
export function closeSession(session: Session, log: Log): void {
  session.setPermissionRequestHandler((_contents, permission, decide) => {
    log.write('permission-refused', { permission });
    decide(false);
  });
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.setUSBProtectedClassesHandler(({ protectedClasses }) => protectedClasses);
  session.setBluetoothPairingHandler((_details, decide) => decide({ confirmed: false }));
  session.on('will-download', (event, item) => {
    if (!ownFile(item.getURL())) event.preventDefault();
  });
  session.webRequest.onBeforeRequest((details, decide) => {
    const cancel = !ownAddress(details.url) && !ownFile(details.url);
    if (cancel) log.write('request-refused', { url: details.url.slice(0, 200), type: details.resourceType });
    decide({ cancel });
  });
}

function closeContents(contents: WebContents, log: Log): void {
  const refuse = (what: string) => (event: { readonly url: string; readonly preventDefault: () => void }) => {
    if (what === 'navigation' && event.url === contents.getURL()) return;
    log.write('refused', { what, url: event.url.slice(0, 200) });
    event.preventDefault();
  };
  contents.on('will-navigate', refuse('navigation'));
  contents.on('will-frame-navigate', refuse('navigation'));
  contents.on('will-redirect', refuse('redirect'));
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.on('select-bluetooth-device', (event, _devices, choose) => {
    event.preventDefault();
    choose('');
  });
  contents.setWindowOpenHandler(({ url }) => {
    log.write('refused', { what: 'window', url: url.slice(0, 200) });
    return { action: 'deny' };
  });
}

/**
 * Switches the sandbox on for every page, shuts Chromium off from any network, and refuses navigation, new windows and
 * web views wherever they come from. Before the app is ready. With --no-sandbox the sandbox cannot be switched on.
 */
export function closeApp(log: Log): void {
  if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();
  app.commandLine.appendSwitch('host-resolver-rules', 'MAP * ~NOTFOUND');
  app.on('web-contents-created', (_event, contents) => closeContents(contents, log));
  app.on('certificate-error', (event, _contents, _url, _error, _certificate, decide) => {
    event.preventDefault();
    decide(false);
  });
  app.on('login', (event) => event.preventDefault());
}
