import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { CounterView } from '../../contract/counter.ts';
import { formatAmount, formatMoney } from '../../contract/money.ts';
import { outcomeOf, type PaymentView } from '../../contract/payment.ts';
import { Alarm } from '../ui/alarm.tsx';
import { useNow } from '../ui/frame.tsx';
import { QueueBanners } from '../ui/queue.tsx';
import { Mark } from '../ui/sign.tsx';
import { clockTime, paidBy, span } from '../ui/write.tsx';
import styles from './side.module.css';

/** What may still be taken without the line, and until when the oldest must be told. */
function OfflineBanner({ view }: { readonly view: CounterView }): ReactNode {
  const { t } = useTranslation();
  const now = useNow(30_000);
  const { offline, line } = view;
  if (line.status !== 'offline') return null;
  if (offline === null || !offline.enabled) return <p className={styles['banner']}>{t('offline.disabled')}</p>;
  const full = offline.countLeft <= 0 || offline.sumLeft.minor <= 0;
  return (
    <p className={styles['banner']}>
      <b>{t('offline.banner')}</b>{' '}
      {full
        ? t('offline.full')
        : t('offline.bounds', {
            single: formatMoney(offline.single),
            left: offline.countLeft,
            sumLeft: formatMoney(offline.sumLeft),
          })}
      {offline.expiresAt !== null && ` · ${t('offline.expires', { time: span(offline.expiresAt - now, t) })}`}
    </p>
  );
}

interface TapeProps {
  readonly payments: readonly PaymentView[];
  readonly zone: string | undefined;
  readonly onOpen: (payment: string) => void;
}

/** Payments one below the other: time, by what, how much, how it ended. */
export function Tape({ payments, zone, onOpen }: TapeProps): ReactNode {
  const { t } = useTranslation();
  return (
    <ol className={styles['tape']}>
      {payments.map((payment) => (
        <li key={payment.id}>
          <button type="button" onClick={() => onOpen(payment.id)}>
            <time>{clockTime(payment.at, zone)}</time>
            <span className={styles['by']}>
              {payment.kind === 'purchase' ? '' : `${t(`receipt.kind.${payment.kind}`)} `}
              {paidBy(payment, t)}
            </span>
            <span className={styles['sum']}>{formatAmount(payment.amount)}</span>
            <Mark outcome={outcomeOf(payment.state, payment.kind)} />
          </button>
        </li>
      ))}
    </ol>
  );
}

/** The right side of the till: what a person should know, and the latest payments. */
export function Side({
  view,
  onOpen,
}: {
  readonly view: CounterView;
  readonly onOpen: TapeProps['onOpen'];
}): ReactNode {
  const { t } = useTranslation();
  return (
    <aside className={styles['side']}>
      {view.stopped !== null && <Alarm reason={view.stopped} />}
      <QueueBanners view={view} />
      <OfflineBanner view={view} />
      <h2>{t('cashier.recent')}</h2>
      {view.recent.length === 0 ? (
        <p className={styles['empty']}>{t('cashier.noRecent')}</p>
      ) : (
        <Tape payments={view.recent} zone={view.store?.zone} onOpen={onOpen} />
      )}
    </aside>
  );
}
