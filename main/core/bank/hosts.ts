import type { Clock } from '../world/world.ts';
import type { AcquirerProfile } from './profile.ts';

/** Where one host of the acquirer is. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Failed attempts after which the other host is tried. */
const PATIENCE = 3;

/** How long the backup is used before the primary is tried again, milliseconds. */
const RETURN_MS = 300_000;

/** Which of the acquirer's hosts is in use: the primary, or the backup after several failed attempts. */
export interface Hosts {
  readonly current: Address;
  readonly which: 'primary' | 'backup';
  /** The primary, where the backup has been in use long enough that it is to be tried again. */
  due(): Address | undefined;
  /** An attempt at `current` failed; true when the other host is next. */
  failed(): boolean;
  /** An attempt at this host succeeded: it is the one in use. */
  reached(which: 'primary' | 'backup'): void;
  /** The primary was tried from the backup, in vain. */
  notYet(): void;
}

/** Keeps to the primary; goes to the profile's backup after its number of failed attempts, and back when its time has come. */
export function openHosts(profile: Pick<AcquirerProfile, 'host' | 'port' | 'backup'>, clock: Clock): Hosts {
  const primary: Address = { host: profile.host, port: profile.port };
  const { backup } = profile;
  const other: Address = backup ? { host: backup.host, port: backup.port } : primary;
  const patience = backup?.afterFailures ?? PATIENCE;
  let which: 'primary' | 'backup' = 'primary';
  let failures = 0;
  let since = 0;
  const turn = (to: 'primary' | 'backup'): void => {
    which = to;
    failures = 0;
    since = clock.monotonic();
  };
  return {
    get current() {
      return which === 'primary' ? primary : other;
    },
    get which() {
      return which;
    },
    due: () =>
      which === 'backup' && clock.monotonic() - since >= (backup?.returnMs ?? RETURN_MS) ? primary : undefined,
    failed() {
      failures += 1;
      if (!backup || failures < patience) return false;
      turn(which === 'primary' ? 'backup' : 'primary');
      return true;
    },
    reached(reachedHost) {
      if (reachedHost !== which) turn(reachedHost);
      failures = 0;
    },
    notYet() {
      since = clock.monotonic();
    },
  };
}

/** Three quarters to five quarters of a wait, so that a whole street of terminals does not come back at once. */
export function jittered(ms: number, random: (length: number) => Uint8Array): number {
  const [high = 0, low = 0] = random(2);
  return Math.round(ms * (0.75 + (high * 256 + low) / 131_072));
}
