import { readdirSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig, type EnvironmentOptions } from 'vite';

const root = join(import.meta.dirname, '..');

/** What cannot be bundled: native modules and their wrappers stay packages in `dependencies`. */
const native = ['electron', 'better-sqlite3', 'serialport', 'pcsc-mini', 'nfc-pcsc'];

/** One file of the product that Node or Electron runs. */
function program(name: string, entry: string, format: 'es' | 'cjs' = 'es'): EnvironmentOptions {
  return {
    consumer: 'server',
    resolve: { noExternal: true, external: native, conditions: ['node', 'module', 'import', 'default'] },
    build: {
      outDir: join(root, 'out'),
      emptyOutDir: false,
      target: 'node20',
      minify: false,
      sourcemap: true,
      ssr: true,
      rolldownOptions: {
        input: { [name]: join(root, entry) },
        external: [...builtinModules, /^node:/, ...native],
        output: { format, entryFileNames: `[name].${format === 'es' ? 'js' : 'cjs'}`, codeSplitting: false },
      },
    },
  };
}

const pages = readdirSync(join(root, 'renderer')).filter((name) => name.endsWith('.html'));

export default defineConfig({
  root: join(root, 'renderer'),
  base: './',
  logLevel: 'warn',
  plugins: [react()],
  environments: {
    client: {
      build: {
        outDir: join(root, 'out/renderer'),
        emptyOutDir: true,
        target: 'chrome130',
        modulePreload: { polyfill: false },
        rolldownOptions: { input: pages.map((name) => join(root, 'renderer', name)) },
      },
    },
    shell: program('shell', 'main/shell/main.ts'),
    core: program('core', 'main/core/main.ts'),
    preload: program('preload', 'main/shell/preload.ts', 'cjs'),
  },
  builder: {
    async buildApp(builder) {
      const wanted = Object.values(builder.environments).filter((environment) => environment.name !== 'ssr');
      await Promise.all(wanted.map((environment) => builder.build(environment)));
    },
  },
});
