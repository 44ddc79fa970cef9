import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FuseV1Options, FuseVersion, flipFuses } from '@electron/fuses';
import type { AfterPackContext } from 'electron-builder';

/** The program inside a packed folder, by system. */
function program(context: AfterPackContext): string {
  const name = context.packager.appInfo.productFilename;
  if (context.electronPlatformName === 'darwin') return join(context.appOutDir, `${name}.app`, 'Contents/MacOS', name);
  if (context.electronPlatformName === 'win32') return join(context.appOutDir, `${name}.exe`);
  return join(context.appOutDir, context.packager.config.executableName ?? name);
}

/**
 * Sets the fuses of a packed Electron: it runs the packed app and nothing else. Only a build for the end-to-end
 * tests (`TERMINAL_E2E=1`) lets a debugger in, because Playwright drives the app through it.
 */
export default async function afterPack(context: AfterPackContext): Promise<void> {
  const path = program(context);
  if (!existsSync(path)) throw new Error(`The packed program is not at ${path}.`);
  await flipFuses(path, {
    version: FuseVersion.V1,
    resetAdHocDarwinSignature: context.electronPlatformName === 'darwin',
    strictlyRequireAllFuses: false,
    [FuseV1Options.RunAsNode]: false,
    [FuseV1Options.EnableCookieEncryption]: true,
    [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
    [FuseV1Options.EnableNodeCliInspectArguments]: process.env['TERMINAL_E2E'] === '1',
    [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
    [FuseV1Options.OnlyLoadAppFromAsar]: true,
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
    [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
  });
}
