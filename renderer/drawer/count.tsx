import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Currency, formatMoney, type Money, money, parseAmount } from '../../contract/money.ts';
import { Amount } from '../ui/amount.tsx';
import { Choice } from '../ui/sheet.tsx';
import styles from './drawer.module.css';

/** Notes and coins in circulation, in minor units, largest first. */
const pieces: Partial<Record<Currency, readonly number[]>> = {
  CNY: [10_000, 5_000, 2_000, 1_000, 500, 100, 50, 10],
  EUR: [20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10, 5, 2, 1],
  USD: [10_000, 5_000, 2_000, 1_000, 500, 100, 25, 10, 5, 1],
  HKD: [100_000, 50_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10],
  GBP: [5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10, 5, 2, 1],
  JPY: [10_000, 5_000, 1_000, 500, 100, 50, 10, 5, 1],
};

const MOST_PIECES = 99_999;

/** What so many of each piece are together; pieces that nobody counted are none. */
export function sumOf(counts: Readonly<Record<number, string>>, currency: Currency): Money {
  const minor = Object.entries(counts).reduce((sum, [value, count]) => sum + Number(value) * Number(count || 0), 0);
  return money(minor, currency);
}

interface CountProps {
  readonly currency: Currency;
  readonly onSum: (sum: Money | undefined) => void;
}

/** Counting cash: so many of each note and coin, or the sum typed. */
export function Count({ currency, onSum }: CountProps): ReactNode {
  const { t } = useTranslation();
  const values = pieces[currency];
  const [byPieces, setByPieces] = useState(values !== undefined);
  const [counts, setCounts] = useState<Record<number, string>>({});
  const [typed, setTyped] = useState('');
  const change = (value: number, text: string) => {
    const count = text.replace(/\D/g, '');
    if (Number(count) > MOST_PIECES) return;
    const next = { ...counts, [value]: count };
    setCounts(next);
    onSum(sumOf(next, currency));
  };
  const type = (text: string) => {
    setTyped(text);
    onSum(parseAmount(text, currency));
  };
  const name = (value: number) => formatMoney(money(value, currency)).replace(/\.00$/, '');
  return (
    <div className={styles['count']}>
      {byPieces && values ? (
        <div className={styles['pieces']}>
          {values.map((value) => (
            <label key={value}>
              <span>{t('drawer.pieces', { value: name(value) })}</span>
              <input
                inputMode="numeric"
                value={counts[value] ?? ''}
                placeholder="0"
                onChange={(event) => change(value, event.target.value)}
              />
            </label>
          ))}
        </div>
      ) : (
        <Amount label={t('drawer.sum')} currency={currency} value={typed} onChange={type} />
      )}
      <p className={styles['sum']}>
        {byPieces && (
          <>
            {t('drawer.sum')} <b>{formatMoney(sumOf(counts, currency))}</b>
          </>
        )}
        {values && (
          <Choice
            onPress={() => {
              setByPieces(!byPieces);
              onSum(byPieces ? parseAmount(typed, currency) : sumOf(counts, currency));
            }}
          >
            {t(byPieces ? 'drawer.asSum' : 'drawer.byPieces')}
          </Choice>
        )}
      </p>
    </div>
  );
}
