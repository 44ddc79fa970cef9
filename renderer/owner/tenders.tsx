import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Today } from '../../contract/day.ts';
import { formatAmount } from '../../contract/money.ts';
import page from '../ui/page.module.css';
import { paidBy } from '../ui/write.tsx';
import styles from './tenders.module.css';

type Part = Today['tenders'][number];

function useName() {
  const { t } = useTranslation();
  return ({ tender, scheme }: Part) =>
    scheme === null
      ? t(`tender.${tender}`, { defaultValue: tender })
      : paidBy({ tender: null, scheme, maskedPan: null }, t);
}

function Bar({ parts }: { readonly parts: readonly Part[] }): ReactNode {
  const name = useName();
  const total = Math.max(
    1,
    parts.reduce((sum, part) => sum + Math.max(0, part.amount.minor), 0),
  );
  let x = 0;
  return (
    <svg className={styles['stack']} viewBox="0 0 1000 28" preserveAspectRatio="none" aria-hidden="true">
      {parts.map((part, index) => {
        const width = (Math.max(0, part.amount.minor) / total) * 1000;
        const from = x;
        x += width;
        return (
          <rect
            key={`${part.tender} ${part.scheme}`}
            className={styles[`part${(index % 6) + 1}`]}
            x={from}
            width={Math.max(0, width - 2)}
            height="28"
          >
            <title>{name(part)}</title>
          </rect>
        );
      })}
    </svg>
  );
}

/** Sales by tender: one stacked bar with names, or a table. */
export function Tenders({ today, table }: { readonly today: Today; readonly table: boolean }): ReactNode {
  const { t } = useTranslation();
  const name = useName();
  const parts = [...today.tenders].sort((a, b) => b.amount.minor - a.amount.minor);
  if (parts.length === 0) return null;
  if (table) {
    return (
      <table className={page['rows']}>
        <caption className="visually-hidden">{t('owner.byTender')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('owner.byTender')}</th>
            <th scope="col" className={page['right']}>
              {t('owner.count')}
            </th>
            <th scope="col" className={page['right']}>
              {t('owner.amount')}
            </th>
          </tr>
        </thead>
        <tbody>
          {parts.map((part) => (
            <tr key={`${part.tender} ${part.scheme}`}>
              <th scope="row">{name(part)}</th>
              <td className={page['right']}>{part.count}</td>
              <td className={page['right']}>{formatAmount(part.amount)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    );
  }
  return (
    <section aria-label={t('owner.byTender')}>
      <Bar parts={parts} />
      <dl className={styles['names']}>
        {parts.map((part, index) => (
          <div key={`${part.tender} ${part.scheme}`}>
            <dt>
              <i className={styles[`dot${(index % 6) + 1}`]} />
              {name(part)}
            </dt>
            <dd>{formatAmount(part.amount)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
