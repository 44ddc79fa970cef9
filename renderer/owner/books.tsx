import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Books, DayReport } from '../../contract/day.ts';
import { formatMoney, subtract } from '../../contract/money.ts';
import page from '../ui/page.module.css';
import styles from './books.module.css';

type Totals = Books['terminal'];
const names = ['terminal', 'ledger', 'journal', 'bank'] as const;

/** Whether a book agrees with the terminal's, and by how much it does not: a word and a sign, never colour alone. */
function Verdict({ own, other }: { readonly own: Totals; readonly other: Totals | null }): ReactNode {
  const { t } = useTranslation();
  if (other === null) return <span className={page['note']}>{t('books.waiting')}</span>;
  const net = (totals: Totals) => subtract(totals.debit, totals.credit);
  const differs = subtract(net(other), net(own));
  const counts = own.debitCount !== other.debitCount || own.creditCount !== other.creditCount;
  const sums = own.debit.minor !== other.debit.minor || own.credit.minor !== other.credit.minor;
  if (!counts && !sums) return <span className={page['good']}>✓ {t('books.agrees')}</span>;
  return (
    <span className={page['bad']}>
      ✕ {sums ? t('books.differs', { amount: formatMoney(differs) }) : t('books.differsCount')}
    </span>
  );
}

/** What is out of the ordinary in a batch, as it stands on its paper: nothing on most days. */
function Irregularities({ report }: { readonly report: DayReport }): ReactNode {
  const { t } = useTranslation();
  const { alarms, epoch = 0, irregular } = report;
  const counts = { alarms, epoch, ...irregular };
  const names = ['alarms', 'epoch', 'receiptsMissing', 'lateAnswers', 'clockSuspect'] as const;
  const told = names.flatMap((name) => ((counts[name] ?? 0) > 0 ? [`${t(`report.${name}`)}: ${counts[name]}`] : []));
  return told.length === 0 ? null : <p>{told.join(' · ')}</p>;
}

/** The four books side by side, and the part of the journal that holds them. */
export function BooksTable({ report }: { readonly report: DayReport }): ReactNode {
  const { t } = useTranslation();
  const { books, journal, carriedOver, decisions } = report;
  return (
    <>
      <table className={`${page['rows']} ${styles['books']}`}>
        <caption className="visually-hidden">{t('books.title')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('books.title')}</th>
            {(['debitCount', 'debit', 'creditCount', 'credit'] as const).map((column) => (
              <th key={column} scope="col" className={page['right']}>
                {t(`books.${column}`)}
              </th>
            ))}
            <td />
          </tr>
        </thead>
        <tbody>
          {names.map((name) => {
            const book = books[name];
            return (
              <tr key={name}>
                <th scope="row">{t(`books.${name}`)}</th>
                <td className={page['right']}>{book?.debitCount ?? '–'}</td>
                <td className={page['right']}>{book ? formatMoney(book.debit) : '–'}</td>
                <td className={page['right']}>{book?.creditCount ?? '–'}</td>
                <td className={page['right']}>{book ? formatMoney(book.credit) : '–'}</td>
                <td>
                  <Verdict own={books.terminal} other={book} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {decisions.length > 0 && (
        <p>
          {t('books.decided')}{' '}
          {decisions
            .map(
              (one) =>
                `${one.receiptNo} ${formatMoney(one.amount)} ${t(`books.${one.done ? 'wasDone' : 'wasNot'}`)} (${t(`person.${one.by}`, { defaultValue: one.by })}): ${one.cause}`,
            )
            .join(' · ')}
        </p>
      )}
      {carriedOver.length > 0 && (
        <p>
          {t('books.carried')}{' '}
          {carriedOver
            .map((one) => `${t(`state.${one.state}`, { defaultValue: one.state })} ${formatMoney(one.amount)}`)
            .join(' · ')}
        </p>
      )}
      <Irregularities report={report} />
      <p className={page['mono']}>
        {t('books.head', { first: journal.first, last: journal.last })} · {journal.hash}
      </p>
    </>
  );
}
