// Starts a program of this folder: node build/run.js NAME [options]. Plain JavaScript, so that an old Node can read
// it and say what is wrong in one sentence.
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const [name = '', ...rest] = process.argv.slice(2);
const program = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, `${name}.ts`);
const modules = new URL('../node_modules/.package-lock.json', import.meta.url);
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

/** @param {string} sentence */
function stop(sentence) {
  console.error(sentence);
  process.exit(1);
}

if (!/^[a-z]+$/.test(name) || !existsSync(program)) stop(`build/${name}.ts does not exist.`);
if (!existsSync(modules)) stop('The packages are not installed. Type: npm ci');
if (major < 22 || (major === 22 && minor < 18)) {
  stop(
    `Node ${process.versions.node} is too old, and the project's own Node 24 is not installed. Type: npm rebuild node`,
  );
}
process.argv.splice(1, process.argv.length, program, ...rest);
await import(`./${name}.ts`);
