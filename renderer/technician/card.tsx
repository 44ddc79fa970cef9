import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { TestResult } from '../../contract/device.ts';
import page from '../ui/page.module.css';
import styles from './card.module.css';

type Card = NonNullable<TestResult['card']>;

/** "12/29" of YYMM. */
function expiryText(expiry: string): string {
  return /^\d{4}$/.test(expiry) ? `${expiry.slice(2)}/${expiry.slice(0, 2)}` : expiry;
}

/** The kernel that read the card: 0 is the bank's own wallet, which none of them read. */
function kernelText(t: TFunction, kernel: number): string {
  return kernel === 0 ? t('card.noKernel') : t('card.kernel', { n: kernel });
}

/** Things that may come twice, each with a name of its own for React. */
function numbered<T>(things: readonly T[]): readonly { readonly place: number; readonly thing: T }[] {
  return things.map((thing, place) => ({ place, thing }));
}

/** A card as it was read: its named data objects, and each exchange with its time. */
export function CardRead({ card }: { readonly card: Card }): ReactNode {
  const { t } = useTranslation();
  const longest = Math.max(1, ...card.exchanges.map((exchange) => exchange.ms));
  return (
    <section className={styles['card']}>
      <p className={styles['name']}>
        <b>{card.label}</b> {t(`scheme.${card.scheme}`, { defaultValue: card.scheme })} · {card.maskedPan} ·{' '}
        {t('card.expiry')} {expiryText(card.expiry)} · {kernelText(t, card.kernel)} · {t('card.oda')} {card.oda}
      </p>
      <h3>{t('card.exchanges')}</h3>
      <table className={page['rows']}>
        <tbody>
          {numbered(card.exchanges).map(({ place, thing: exchange }) => (
            <tr key={place}>
              <th scope="row">{exchange.command}</th>
              <td className={styles['time']}>
                <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
                  <rect width={(exchange.ms / longest) * 100} height="10" />
                </svg>
              </td>
              <td className={page['right']}>{exchange.ms.toFixed(1)} ms</td>
            </tr>
          ))}
        </tbody>
      </table>
      <h3>{t('card.tags')}</h3>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('card.tag')}</th>
            <th scope="col">{t('card.name')}</th>
            <th scope="col">{t('card.value')}</th>
          </tr>
        </thead>
        <tbody>
          {numbered(card.tags).map(({ place, thing: tag }) => (
            <tr key={place}>
              <td className={page['mono']}>{tag.tag}</td>
              <td>{tag.name}</td>
              <td className={page['mono']}>
                {tag.value}
                {tag.text !== undefined && <em> {tag.text}</em>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
