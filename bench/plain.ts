import { openFakeReaders } from '../drivers/nfc/fake.ts';
import { noPrinter } from '../drivers/printer/none.ts';
import { openFakeScanner } from '../drivers/scanner/fake.ts';
import type { AcquirerLink } from '../main/core/bank/link.ts';
import type { AcquirerProfile } from '../main/core/bank/profile.ts';
import { Core } from '../main/core/core.ts';
import { findMigrations } from '../main/core/open.ts';
import { openRealWorld } from '../main/core/world/real.ts';

/** A bank that approves everything at once, without a line. */
function instantBank(): AcquirerLink {
  return {
    state: { status: 'online', since: 0, latencyMs: 0 },
    counters: { sent: 0, answered: 0, dropped: 0, late: 0 },
    onChange: () => () => undefined,
    start: () => undefined,
    echo: async () => 0,
    exchange: async () => ({ kind: 'approved', code: '00', authCode: '123456' }),
    onLate: () => () => undefined,
    close: async () => undefined,
  };
}

/** The core on the real disk with nothing else real: its own cost is left. */
export function openPlainCore(dir: string, profile: AcquirerProfile): Core {
  const devices = { readers: openFakeReaders(), printer: noPrinter(), scanners: [openFakeScanner()] };
  return new Core({
    world: openRealWorld(dir, devices),
    migrations: findMigrations(),
    profile,
    signer: 'bench',
    zone: 'Asia/Shanghai',
    onFatal: (error) => {
      throw error;
    },
    link: instantBank(),
  });
}
