import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CounterView } from '../../contract/counter.ts';
import type { Attention, Today } from '../../contract/day.ts';
import { formatMoney, type Money } from '../../contract/money.ts';
import type { Outcome } from '../../contract/payment.ts';
import type { TerminalClient } from '../core.ts';
import { useAsk } from '../ui/ask.ts';
import { RefusedNote, useNow } from '../ui/frame.tsx';
import page from '../ui/page.module.css';
import { Choice } from '../ui/sheet.tsx';
import { Mark } from '../ui/sign.tsx';
import { MoneyText, span } from '../ui/write.tsx';
import { Hours } from './hours.tsx';
import { Tenders } from './tenders.tsx';
import styles from './today.module.css';

interface FigureProps {
  readonly name: string;
  readonly amount: Money;
  readonly note: string;
  readonly look?: 'zero' | 'wrong' | undefined;
  readonly onPress: () => void;
}

/** One figure; touching it shows the lines that make it. */
function Figure({ name, amount, note, look, onPress }: FigureProps): ReactNode {
  return (
    <button type="button" className={`${styles['figure']} ${look ? styles[look] : ''}`} onClick={onPress}>
      <span>{name}</span>
      <strong>
        <MoneyText amount={amount} />
      </strong>
      <em>{note}</em>
    </button>
  );
}

function Figures({
  today,
  onPage,
}: {
  readonly today: Today;
  readonly onPage: (page: 'payments' | 'queue' | 'settlement') => void;
}): ReactNode {
  const { t } = useTranslation();
  const count = (n: number) => t('common.payments', { count: n });
  const sold = [count(today.sold.count)];
  if (today.voided.count > 0) {
    sold.push(t('owner.voided', { n: today.voided.count, amount: formatMoney(today.voided.amount) }));
  }
  if (today.refunded.count > 0) {
    sold.push(t('owner.refunded', { n: today.refunded.count, amount: formatMoney(today.refunded.amount) }));
  }
  const bank = [count(today.atBank.count)];
  if (today.cash.count > 0) bank.push(`${t('report.cash')} ${formatMoney(today.cash.amount)}`);
  const late =
    today.lateDeclined.count > 0 && t('owner.lateDeclined', { amount: formatMoney(today.lateDeclined.amount) });
  const even = today.difference.minor === 0;
  return (
    <section className={styles['figures']}>
      <Figure
        name={t('owner.sold')}
        amount={today.sold.amount}
        note={sold.join(' · ')}
        onPress={() => onPage('payments')}
      />
      <Figure
        name={t('owner.atBank')}
        amount={today.atBank.amount}
        note={bank.join(' · ')}
        onPress={() => onPage('payments')}
      />
      <Figure
        name={t('owner.underWay')}
        amount={today.underWay.amount}
        note={[count(today.underWay.count), late].filter(Boolean).join(' · ')}
        onPress={() => onPage('queue')}
      />
      <Figure
        name={t('owner.difference')}
        amount={today.difference}
        note={t(even ? 'owner.zero' : 'owner.notZero')}
        look={even ? 'zero' : 'wrong'}
        onPress={() => onPage('settlement')}
      />
    </section>
  );
}

const marks: Record<Attention['code'], Outcome> = {
  'late-decline': 'declined',
  expired: 'declined',
  'books-differ': 'declined',
  'close-differs': 'declined',
  unknown: 'unknown',
  'reversal-due': 'cancelling',
  unprinted: 'open',
  'asked-print': 'open',
};

/** What the terminal itself needs seen to, each with what to do. */
function Notices({ notices }: { readonly notices: CounterView['notices'] }): ReactNode {
  const { t } = useTranslation();
  return notices
    .filter(({ severity }) => severity === 'trouble')
    .map(({ code }) => (
      <p key={code} className={page['note']} role="status">
        <b>{t(`notice.${code}`)}</b> {t(`noticeRemedy.${code}`)}
      </p>
    ));
}

interface AttentionProps {
  readonly notices: CounterView['notices'];
  readonly items: readonly Attention[];
  readonly onLook: (item: Attention) => void;
}

function AttentionList({ notices, items, onLook }: AttentionProps): ReactNode {
  const { t } = useTranslation();
  const now = useNow(10_000);
  return (
    <section className={page['panel']}>
      <h2>{t('owner.attention')}</h2>
      <Notices notices={notices} />
      {items.length === 0 && <p className={page['note']}>{t('owner.nothing')}</p>}
      <ul className={styles['attention']}>
        {items.map((item) => (
          <li key={`${item.code} ${item.payment} ${item.at}`}>
            <Mark outcome={marks[item.code]} />
            <div>
              <b>{t(`attention.${item.code}`)}</b>
              <em>
                {[
                  item.amount && formatMoney(item.amount),
                  item.count > 1 && t('common.payments', { count: item.count }),
                  span(now - item.at, t),
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </em>
            </div>
            <button type="button" onClick={() => onLook(item)}>
              {t('owner.look')}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface TodayProps {
  readonly view: CounterView;
  readonly onPayment: (payment: string) => void;
  readonly onPage: (page: 'payments' | 'queue' | 'settlement') => void;
  readonly onClose: () => void;
}

const askToday = (client: TerminalClient) => client.day.today({});

/** The business day so far: what was sold, where the money is, what needs a look. */
export function TodayPage({ view, onPayment, onPage, onClose }: TodayProps): ReactNode {
  const { t } = useTranslation();
  const { value: today, refused } = useAsk(askToday, view.seq);
  const [table, setTable] = useState(false);
  if (!today)
    return refused ? <RefusedNote refused={refused} /> : <p className={page['note']}>{t('common.loading')}</p>;
  const look = (item: Attention) => {
    if (item.payment !== null) onPayment(item.payment);
    else onPage(item.code === 'books-differ' || item.code === 'close-differs' ? 'settlement' : 'payments');
  };
  return (
    <>
      <h1 className="visually-hidden">{t('owner.today')}</h1>
      <Figures today={today} onPage={onPage} />
      <div className={styles['two']}>
        <Hours today={today} table={table} />
        <AttentionList notices={view.notices} items={today.attention} onLook={look} />
      </div>
      <Tenders today={today} table={table} />
      <footer className={page['feet']}>
        <p className={styles['day']}>
          {t('owner.day', { day: today.day })} · {t('owner.until', { time: view.store?.dayCut })} ·{' '}
          {t('owner.batch', { n: today.batch })}
        </p>
        <Choice onPress={() => setTable(!table)}>{t(table ? 'common.picture' : 'common.table')}</Choice>
        <Choice onPress={() => onPage('settlement')}>{t('owner.xReport')}</Choice>
        <Choice main onPress={onClose}>
          {t('owner.close')}
        </Choice>
      </footer>
    </>
  );
}
