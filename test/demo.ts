// A whole business day at the virtual counter, without a screen: npm run demo [-- --sales N --seed N --dir DIR]
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { atTheCounter, runDay } from './demo/day.ts';

const root = join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    dir: { type: 'string', default: join(root, 'out/demo') },
    sales: { type: 'string', default: '240' },
    seed: { type: 'string', default: '1' },
  },
});
const began = performance.now();
const say = (line: string): void => console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s  ${line}`);
const options = { dir: values.dir, sales: Number(values.sales), seed: Number(values.seed), say };
await atTheCounter(options.dir, async (stand) => {
  say('bank, cards and printer are up, the terminal is signed on');
  const day = await runDay(stand, options);
  console.log(JSON.stringify(day.report.books), day.sold.length);
  for (const { sale, told } of day.sold) {
    const now = stand.core.payments.get(told.id);
    if (now.state !== sale.ends) console.log('OTHER', sale, told.state, now.state, now.reason);
  }
});
