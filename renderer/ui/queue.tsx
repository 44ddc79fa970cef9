import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { CounterView } from '../../contract/counter.ts';
import { formatMoney } from '../../contract/money.ts';
import { useNow } from './frame.tsx';
import styles from './queue.module.css';
import { clockTime, span } from './write.tsx';

/** How many wait for the bank and what they come to, how long the oldest has waited, and when it goes on. */
export function queueText(offline: NonNullable<CounterView['offline']>, now: number, t: TFunction): string[] {
  const { count, sum, forwarding } = offline;
  const { oldestMs, nextAt, sending, paused } = forwarding;
  const next = nextAt !== null && nextAt > now ? t('queue.next', { time: span(nextAt - now, t) }) : t('queue.nextNow');
  return [
    t('queue.waits', { count, sum: formatMoney(sum) }),
    ...(oldestMs === null ? [] : [t('queue.oldest', { time: span(oldestMs, t) })]),
    paused ? t('queue.pausedShort') : sending > 0 ? t('queue.sending', { n: sending }) : next,
  ];
}

/** What a person must know of the queue at once: that it is paused, and that money will be lost unless the line comes back. */
export function QueueBanners({ view }: { readonly view: CounterView }): ReactNode {
  const { t } = useTranslation();
  const now = useNow(30_000);
  const forwarding = view.offline?.forwarding;
  if (!forwarding) return null;
  const { paused, expiring } = forwarding;
  const zone = view.store?.zone;
  return (
    <>
      {expiring && (
        <p role="alert" className={`${styles['banner']} ${styles[expiring.stage]}`}>
          {t(`queue.${expiring.stage}`, { time: span(expiring.at - now, t) })}
        </p>
      )}
      {paused && (
        <p role="status" className={styles['banner']}>
          {t('queue.paused', {
            who: t([`person.${paused.by}`, 'person.owner']),
            since: clockTime(paused.since, zone),
            until: clockTime(paused.until, zone),
          })}
        </p>
      )}
    </>
  );
}
