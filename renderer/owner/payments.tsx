import { type ReactNode, useCallback, useDeferredValue, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { formatAmount } from '../../contract/money.ts';
import { outcomeOf, type PaymentView } from '../../contract/payment.ts';
import { RefusedNote, useAct } from '../ui/frame.tsx';
import page from '../ui/page.module.css';
import { Choice } from '../ui/sheet.tsx';
import { Mark } from '../ui/sign.tsx';
import { fullTime, paidBy, stateText } from '../ui/write.tsx';
import styles from './payments.module.css';

const PAGE = 50;

interface RowsProps {
  readonly payments: readonly PaymentView[];
  readonly zone: string | undefined;
  readonly onPayment: (payment: string) => void;
}

/** Payments as a table; the receipt number opens the whole story. */
function Rows({ payments, zone, onPayment }: RowsProps): ReactNode {
  const { t } = useTranslation();
  return (
    <table className={page['rows']}>
      <thead>
        <tr>
          <th scope="col">{t('payment.time')}</th>
          <th scope="col">{t('payment.receiptNo')}</th>
          <th scope="col">{t('payment.tender')}</th>
          <th scope="col" className={page['right']}>
            {t('payment.amount')}
          </th>
          <th scope="col">{t('payment.state')}</th>
        </tr>
      </thead>
      <tbody>
        {payments.map((payment) => (
          <tr key={payment.id}>
            <td>
              {fullTime(payment.at, zone)}
              {payment.clockSuspect && <p className={styles['suspect']}>{t('payment.timeSuspectShort')}</p>}
            </td>
            <td>
              <button type="button" className={page['open']} onClick={() => onPayment(payment.id)}>
                {payment.receiptNo}
              </button>
            </td>
            <td>
              {payment.kind === 'void' && `${t('receipt.kind.void')} `}
              {paidBy(payment, t)}
            </td>
            <td className={page['right']}>{formatAmount(payment.amount)}</td>
            <td>
              <span className={page['mark']}>
                <Mark outcome={outcomeOf(payment.state, payment.kind)} />
                {stateText(payment, t)}
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** All payments, newest first, found by amount, last four digits or a number on the receipt. */
export function Payments({ zone, onPayment }: Omit<RowsProps, 'payments'>): ReactNode {
  const { t } = useTranslation();
  const { run, refused, pending } = useAct();
  const [typed, setTyped] = useState('');
  const search = useDeferredValue(typed.trim());
  const [payments, setPayments] = useState<readonly PaymentView[]>();
  const [more, setMore] = useState(false);
  const load = useCallback(
    async (before?: string) => {
      const query = { limit: PAGE, ...(search === '' ? {} : { search }), ...(before === undefined ? {} : { before }) };
      const found = await run((client) => client.payments.list(query));
      if (!found) return;
      setMore(found.length === PAGE);
      setPayments((known) => (before === undefined ? found : [...(known ?? []), ...found]));
    },
    [run, search],
  );
  useEffect(() => {
    const timer = setTimeout(() => void load(), search === '' ? 0 : 200);
    return () => clearTimeout(timer);
  }, [load, search]);
  const last = payments?.at(-1);
  return (
    <>
      <header className={page['head']}>
        <h1>{t('owner.payments')}</h1>
        <i className={page['fill']} />
        <label className={styles['search']}>
          <span className="visually-hidden">{t('owner.searchLabel')}</span>
          <input
            type="search"
            value={typed}
            maxLength={40}
            placeholder={t('owner.search')}
            onChange={(event) => setTyped(event.target.value)}
          />
        </label>
      </header>
      <RefusedNote refused={refused} />
      {payments === undefined && pending && <p className={page['note']}>{t('common.loading')}</p>}
      {payments?.length === 0 && <p className={page['note']}>{t(search === '' ? 'common.empty' : 'owner.none')}</p>}
      {payments !== undefined && payments.length > 0 && <Rows payments={payments} zone={zone} onPayment={onPayment} />}
      {more && last && (
        <p>
          <Choice disabled={pending} onPress={() => void load(last.id)}>
            {t('common.more')}
          </Choice>
        </p>
      )}
    </>
  );
}
