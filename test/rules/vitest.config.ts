import { join } from 'node:path';
import { defineConfig, type Plugin } from 'vitest/config';
import { bugs } from './bugs.ts';

const root = join(import.meta.dirname, '../..');
const bug = bugs.find(({ name }) => name === process.env['COUNTERTAP_BUG']);
if (!bug) throw new Error(`there is no bug "${process.env['COUNTERTAP_BUG'] ?? ''}"`);

/** Puts the bug into its file as that is read. */
const plant: Plugin = {
  name: 'plant',
  enforce: 'pre',
  transform(source, id) {
    if (!id.endsWith(`/${bug.file}`)) return undefined;
    if (source.split(bug.from).length !== 2) throw new Error(`bug ${bug.name} does not fit ${bug.file}`);
    return { code: source.replace(bug.from, () => bug.to), map: null };
  },
};

export default defineConfig({
  root,
  plugins: [plant],
  // Which bug it is stands in the environment, which a kept module does not know.
  test: { environment: 'node', include: [bug.test], testTimeout: 20_000, bail: 1, fsModuleCache: false },
});
