import type { AcquirerProfile } from '../bank/profile.ts';
import type { Rules } from './transition.ts';

/** From the asking to a person's word on a partial approval; after it the amount goes back to the customer. */
const PARTIAL_MS = 45_000;

/** Where the profile says nothing. */
const WINDOW = 8;

/** What payments need of the acquirer profile. */
export function rulesOf(profile: AcquirerProfile): Rules {
  const { offline, timers, walletTimers } = profile;
  const { currency } = offline;
  return {
    offline: {
      enabled: offline.enabled,
      hours: offline.hours,
      single: { minor: offline.singleMinor, currency },
      total: { minor: offline.totalMinor, currency },
      count: offline.count,
      oncePerCard: offline.oncePerCard,
      schemes: offline.schemes,
    },
    repeatMs: timers.repeatMs,
    window: offline.window ?? WINDOW,
    messageLifetimeMs: timers.messageLifetimeMs,
    hold: profile.hold,
    wallet: walletTimers,
    partialMs: profile.partialApproval ? PARTIAL_MS : undefined,
    shownMs: profile.shown?.validMs,
  };
}
