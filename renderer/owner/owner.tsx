import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CounterView } from '../../contract/counter.ts';
import { Cashier } from '../cashier/cashier.tsx';
import { PaymentSheet } from '../cashier/payment.tsx';
import { DrawerPage } from '../drawer/drawer.tsx';
import { Alarm } from '../ui/alarm.tsx';
import { LineState, LockButton, Switches } from '../ui/bar.tsx';
import { QueueBanners } from '../ui/queue.tsx';
import styles from './owner.module.css';
import { Payments } from './payments.tsx';
import { Queue } from './queue.tsx';
import { Reconcile } from './reconcile.tsx';
import { Settlement } from './settlement.tsx';
import { TodayPage } from './today.tsx';

const pages = ['today', 'payments', 'queue', 'settlement', 'reconciliation', 'drawer', 'till'] as const;
type Page = (typeof pages)[number];

interface OwnerProps {
  readonly view: CounterView;
  readonly onLanguage: () => void;
}

/** The owner's back office, and the till. */
export function Owner({ view, onLanguage }: OwnerProps): ReactNode {
  const { t } = useTranslation();
  const [page, setPage] = useState<Page>('today');
  const [payment, setPayment] = useState<string>();
  const [closing, setClosing] = useState(false);
  const zone = view.store?.zone;
  const waiting = view.offline?.count ?? 0;
  return (
    <div className={styles['book']}>
      <nav className={styles['nav']} aria-label={t('owner.nav')}>
        <b>{view.store?.name}</b>
        {pages.map((one) => (
          <button key={one} type="button" aria-current={one === page ? 'page' : undefined} onClick={() => setPage(one)}>
            {t(`owner.${one}`)}
            {one === 'queue' && waiting > 0 && <span className={styles['count']}>{waiting}</span>}
          </button>
        ))}
        <i />
        {view.store?.virtual && <small>{t('app.virtualNote')}</small>}
        <small className={styles['line']}>
          <LineState line={view.line} />
        </small>
        <div className={styles['switches']}>
          <Switches onLanguage={onLanguage} sound={false} />
          <LockButton />
        </div>
      </nav>
      {page === 'till' ? (
        <Cashier view={view} onLanguage={onLanguage} bare />
      ) : (
        <main className={styles['main']}>
          {view.stopped !== null && <Alarm reason={view.stopped} />}
          <QueueBanners view={view} />
          {page === 'today' && (
            <TodayPage
              view={view}
              onPayment={setPayment}
              onPage={setPage}
              onClose={() => {
                setPage('settlement');
                setClosing(true);
              }}
            />
          )}
          {page === 'payments' && <Payments zone={zone} onPayment={setPayment} />}
          {page === 'drawer' && <DrawerPage view={view} />}
          {page === 'queue' && <Queue view={view} onPayment={setPayment} onTill={() => setPage('till')} />}
          {page === 'reconciliation' && <Reconcile onPayment={setPayment} />}
          {page === 'settlement' && <Settlement view={view} closing={closing} onClosing={setClosing} />}
        </main>
      )}
      {payment !== undefined && <PaymentSheet view={view} payment={payment} onClose={() => setPayment(undefined)} />}
    </div>
  );
}
