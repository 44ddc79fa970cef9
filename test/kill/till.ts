import { writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { money } from '../../contract/money.ts';
import { openDeck } from '../../simulators/card/deck.ts';
import { newKey, openTerminal, until } from '../integration/place.ts';

/**
 * A terminal that sells as fast as it can until it is killed: wallet codes and cash, now and then a card and a void.
 * What the counter shows it says on stdout before anything else happens, one line a result.
 *   node test/kill/till.ts PROFILE DATA DIR SEED
 */

const [profile = '', data = '', dir = '', seed = '0'] = process.argv.slice(2);
const deck = await openDeck({ dir, lingerMs: 5 });
const till = await openTerminal(profile, data);
const { core } = till;

function say(line: object): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

core.onChange(() => {
  const { now } = core.counter;
  if (now.phase === 'result') say({ id: now.payment.id, rrn: now.payment.rrn, outcome: now.outcome });
});

const actor = { staff: 'cashier' };
say({ ready: true });
for (let n = 0; ; n += 1) {
  // 1.00 and upwards in whole yuan: no amount that the bank refuses on purpose.
  const amount = money(((n % 40) + 1) * 100, 'CNY');
  if (n % 5 === 4) {
    core.cash(newKey(), amount, actor);
  } else {
    const opened = core.charge(newKey(), amount, actor);
    if (n % 7 === 3) {
      const reader = { host: '127.0.0.1', port: till.reader.port };
      void deck.tap({ card: `visa-ok#${seed}${n}`, reader, timeoutMs: 2_000 }).catch(() => undefined);
    } else {
      till.scanner.scan(`28${seed.padStart(6, '0')}${String(n).padStart(10, '0')}`);
    }
    await until(() => core.payments.get(opened.id).state === 'approved', 3_000);
    if (n % 6 === 5) {
      const back = core.void(newKey(), opened.id, actor);
      await until(() => core.payments.get(back.id).state === 'approved', 3_000);
    }
  }
  core.counter.dismiss();
  await wait(0);
}
