import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { CustomerView, Prompt } from '../../contract/counter.ts';
import { formatMoney } from '../../contract/money.ts';
import type { Outcome } from '../../contract/payment.ts';
import { CardChoices } from '../ui/choices.tsx';
import { useFeed, useLanguage, useNow } from '../ui/frame.tsx';
import outcomes from '../ui/outcome.module.css';
import { Qr } from '../ui/qr.tsx';
import { CodeMark, Sign, TapMark } from '../ui/sign.tsx';
import { clockTime, MoneyText } from '../ui/write.tsx';
import styles from './customer.module.css';

type Show = CustomerView['show'];

/** What a customer is told beyond “tap” and “show your code”; null where the two marks say it all. */
function asked(prompt: Prompt, t: TFunction): string | null {
  switch (prompt) {
    case 'present':
    case 'present-card':
    case 'present-code':
      return null;
    case 'no-input':
    case 'amount-too-high':
      return t('customer.cash');
    case 'hold-still':
      return t('customer.holdStill');
    case 'tap-again-torn':
    case 'tap-again-timed-out':
    case 'tap-again-chosen':
      return t('customer.tapAgain');
    case 'member-read':
      return t('customer.memberRead');
    case 'coupon-read':
      return t('customer.couponRead');
    case 'see-phone':
      return t('customer.seePhone');
    case 'one-card-only':
      return t('customer.oneCard');
    case 'card-refused':
      return t('customer.otherCard');
    case 'code-refused':
      return t('customer.otherCode');
  }
}

function Ways({ reader, scanner }: { readonly reader: boolean; readonly scanner: boolean }): ReactNode {
  const { t } = useTranslation();
  return (
    <div className={styles['ways']}>
      {reader && (
        <div>
          <TapMark />
          <p>{t('customer.tap')}</p>
        </div>
      )}
      {scanner && (
        <div>
          <CodeMark />
          <p>{t('customer.code')}</p>
        </div>
      )}
    </div>
  );
}

function sentences(outcome: Outcome, time: string, t: TFunction): readonly [string, string | null] {
  switch (outcome) {
    case 'approved':
      return [`${t('customer.paid')} · ${time}`, null];
    case 'offline':
      return [`${t('customer.offline')} · ${time}`, null];
    case 'declined':
      return [t('customer.declined'), t('customer.declinedNote')];
    case 'cancelling':
      return [t('customer.cancelling'), t('customer.cancellingNote')];
    case 'cancelled':
      return [t('customer.cancelled'), t('customer.cancelledNote')];
    case 'unknown':
      return [t('customer.unknown'), t('customer.unknownNote')];
    case 'voiding':
      return [t('customer.voiding'), t('customer.voidingNote')];
    case 'voided':
      return [t('customer.voided'), t('customer.voidedNote')];
    case 'void-refused':
      return [t('customer.voidRefused'), t('customer.voidRefusedNote')];
    case 'refunding':
      return [t('customer.refunding'), t('customer.refundingNote')];
    case 'refunded':
      return [t('customer.refunded'), t('customer.refundedNote')];
    case 'refund-refused':
      return [t('customer.refundRefused'), t('customer.refundRefusedNote')];
    case 'authorized':
      return [t('customer.authorized'), t('customer.authorizedNote')];
    case 'open':
      return [t('customer.asking'), null];
  }
}

interface EndedProps {
  readonly show: Extract<Show, { what: 'result' }>;
  readonly zone: string | undefined;
  readonly sale: CustomerView['sale'];
}

function Ended({ show, zone, sale }: EndedProps): ReactNode {
  const { t } = useTranslation();
  const [what, note] = sentences(show.outcome, clockTime(show.at, zone), t);
  return (
    <main className={`${outcomes['outcome']} ${outcomes[show.outcome]} ${styles['ended']}`} aria-live="assertive">
      <div className={`${outcomes['word']} ${styles['sign']}`}>
        <Sign outcome={show.outcome === 'offline' ? 'approved' : show.outcome} />
      </div>
      <p className={styles['sum']}>
        <MoneyText amount={show.amount} />
      </p>
      <h1 className={outcomes['word']}>{what}</h1>
      {note !== null && <p className={styles['note']}>{note}</p>}
      {sale && <Left sale={sale} />}
    </main>
  );
}

/** The code to scan, as large as the window allows, and the time that is left. */
function ShownCode({ code, until }: { readonly code: string; readonly until: number }): ReactNode {
  const { t } = useTranslation();
  const left = Math.max(0, Math.ceil((until - useNow(500)) / 1000));
  return (
    <>
      <div className={styles['code']}>
        <Qr text={code} label={t('customer.scan')} />
      </div>
      <p className={styles['note']}>{left > 0 ? t('customer.codeLeft', { n: left }) : t('customer.codeOver')}</p>
    </>
  );
}

/** Of a sale paid in parts: what is still to be paid after this. */
function Left({ sale }: { readonly sale: NonNullable<CustomerView['sale']> }): ReactNode {
  const { t } = useTranslation();
  return (
    <p className={styles['left']}>
      {t('customer.left', { total: formatMoney(sale.total), owed: formatMoney(sale.owed) })}
    </p>
  );
}

function Paying({ show }: { readonly show: Exclude<Show, { what: 'idle' } | { what: 'result' }> }): ReactNode {
  const { t } = useTranslation();
  const say =
    show.what === 'amount'
      ? asked(show.prompt, t)
      : show.what === 'reading'
        ? t('customer.holdStill')
        : show.what === 'choose'
          ? t('customer.choose')
          : show.what === 'code'
            ? t('customer.scan')
            : show.what === 'partial'
              ? t('customer.partial', { approved: formatMoney(show.approved) })
              : t(show.confirming ? 'customer.confirm' : 'customer.asking');
  return (
    <>
      <p className={styles['sum']}>
        <MoneyText amount={show.amount} />
      </p>
      <h1 className={say === null ? 'visually-hidden' : styles['say']} aria-live="polite">
        {say ?? t('customer.pay')}
      </h1>
      {show.what === 'amount' && <Ways reader={show.reader} scanner={show.scanner} />}
      {show.what === 'code' && <ShownCode code={show.code} until={show.until} />}
      {show.what === 'choose' && <CardChoices payment={show.payment} choices={show.choices} large />}
      {show.what === 'reading' && (
        <div className={styles['reading']}>
          <TapMark />
        </div>
      )}
      {show.what === 'asking' && <span className={styles['ring']} aria-hidden="true" />}
    </>
  );
}

/** The customer's display: whose shop, how much, how to pay, how it ended. Nothing else. */
export function Customer(): ReactNode {
  const { t } = useTranslation();
  const { value: view } = useFeed((client, signal) => client.counter.customer({}, { signal }));
  useLanguage(view?.store?.language);
  if (view === undefined) return null;
  const { show, store, sale } = view;
  if (show.what === 'result') return <Ended show={show} zone={store?.zone} sale={sale} />;
  return (
    <main className={styles['customer']}>
      {sale && <Left sale={sale} />}
      {show.what === 'idle' && sale ? (
        <>
          <p className={styles['sum']}>
            <MoneyText amount={sale.owed} />
          </p>
          <h1 className={styles['say']}>{t('customer.owed')}</h1>
        </>
      ) : show.what === 'idle' ? (
        <>
          <h1 className={styles['store']}>{store?.name ?? t('app.name')}</h1>
          <p className={styles['note']}>{t('customer.welcome')}</p>
        </>
      ) : (
        <>
          <header>{store?.name}</header>
          <Paying show={show} />
        </>
      )}
    </main>
  );
}
