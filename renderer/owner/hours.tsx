import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Today } from '../../contract/day.ts';
import { formatAmount } from '../../contract/money.ts';
import page from '../ui/page.module.css';
import styles from './hours.module.css';

const WIDTH = 900;
const HEIGHT = 190;

type Hour = Today['hours'][number];

/** The hours between the first and the last sale of either day, so that an empty night takes no room. */
export function busyHours(hours: readonly Hour[]): readonly Hour[] {
  const busy = hours.map((hour) => hour.amount.minor !== 0 || hour.yesterday.minor !== 0);
  const first = busy.indexOf(true);
  return first < 0 ? [] : hours.slice(first, busy.lastIndexOf(true) + 1);
}

function Picture({ hours }: { readonly hours: readonly Hour[] }): ReactNode {
  const { t } = useTranslation();
  const most = Math.max(1, ...hours.flatMap((hour) => [hour.amount.minor, hour.yesterday.minor]));
  const step = WIDTH / Math.max(hours.length, 8);
  const y = (minor: number) => HEIGHT - Math.max(0, minor / most) * (HEIGHT - 12);
  const every = Math.ceil(hours.length / 12);
  return (
    <svg className={styles['hours']} viewBox={`0 0 ${WIDTH} 226`} role="img" aria-label={t('owner.byHour')}>
      {hours.map((hour, index) => (
        <rect
          key={hour.hour}
          className={styles['bar']}
          x={index * step + step * 0.25}
          width={step * 0.5}
          y={y(hour.amount.minor)}
          height={HEIGHT - y(hour.amount.minor)}
          rx="3"
        >
          <title>{`${hour.hour}:00 · ${formatAmount(hour.amount)}`}</title>
        </rect>
      ))}
      <polyline
        className={styles['yesterday']}
        points={hours.map((hour, index) => `${(index + 0.5) * step},${y(hour.yesterday.minor)}`).join(' ')}
      />
      <line className={styles['ground']} x1="0" x2={WIDTH} y1={HEIGHT + 0.5} y2={HEIGHT + 0.5} />
      {hours.map(
        (hour, index) =>
          index % every === 0 && (
            <text key={hour.hour} x={(index + 0.5) * step} y={HEIGHT + 27} textAnchor="middle">
              {hour.hour}
            </text>
          ),
      )}
    </svg>
  );
}

function Table({ hours }: { readonly hours: readonly Hour[] }): ReactNode {
  const { t } = useTranslation();
  return (
    <table className={page['rows']}>
      <thead>
        <tr>
          <th scope="col">{t('owner.hour')}</th>
          <th scope="col" className={page['right']}>
            {t('owner.count')}
          </th>
          <th scope="col" className={page['right']}>
            {t('owner.amount')}
          </th>
          <th scope="col" className={page['right']}>
            {t('owner.yesterdayColumn')}
          </th>
        </tr>
      </thead>
      <tbody>
        {hours.map((hour) => (
          <tr key={hour.hour}>
            <th scope="row">{hour.hour}:00</th>
            <td className={page['right']}>{hour.count}</td>
            <td className={page['right']}>{formatAmount(hour.amount)}</td>
            <td className={page['right']}>{formatAmount(hour.yesterday)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Sales by hour, yesterday's behind: as a picture or as a table. */
export function Hours({ today, table }: { readonly today: Today; readonly table: boolean }): ReactNode {
  const { t } = useTranslation();
  const hours = busyHours(today.hours);
  return (
    <figure>
      <figcaption className={styles['caption']}>
        <b>{t('owner.byHour')}</b>
        {!table && <span>{t('owner.yesterday')}</span>}
      </figcaption>
      {hours.length === 0 ? (
        <p className={page['note']}>{t('owner.empty')}</p>
      ) : table ? (
        <Table hours={hours} />
      ) : (
        <Picture hours={hours} />
      )}
    </figure>
  );
}
