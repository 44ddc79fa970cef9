import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { formatMoney, type Money, minorDigits, money } from '../../contract/money.ts';
import form from '../ui/confirm.module.css';
import { useKey } from '../ui/confirm.tsx';
import { RefusedNote, useAct } from '../ui/frame.tsx';
import { Choice, Choices, Sheet } from '../ui/sheet.tsx';
import { MoneyText } from '../ui/write.tsx';
import styles from './cash.module.css';

interface CashProps {
  readonly amount: Money;
  /** The sale of which this is a part. */
  readonly sale: string | undefined;
  readonly onClose: () => void;
  readonly onTaken: () => void;
}

/** The sums people hand over for an amount: notes that are larger, each rounded up. */
export function likelyNotes(amount: Money): readonly Money[] {
  const unit = 10 ** minorDigits(amount.currency);
  const steps = [5, 10, 20, 50, 100, 500, 1000].map((step) => step * unit);
  const sums = steps.map((step) => Math.ceil(amount.minor / step) * step).filter((sum) => sum > amount.minor);
  return [...new Set(sums)].slice(0, 4).map((minor) => money(minor, amount.currency));
}

/** Cash: how much was handed over, how much goes back, and one button. Enter says it was exact. */
export function CashSheet({ amount, sale, onClose, onTaken }: CashProps): ReactNode {
  const { t } = useTranslation();
  const act = useAct();
  // One key for one sheet: asking again after a lost answer books it once.
  const key = useKey();
  const [received, setReceived] = useState(amount);
  const change = money(received.minor - amount.minor, amount.currency);
  const take = async () => {
    if (
      await act.run((client) =>
        client.sale.cash({ key, amount, tendered: received, ...(sale === undefined ? {} : { sale }) }),
      )
    )
      onTaken();
  };
  return (
    <Sheet title={t('cash.title')} onClose={onClose}>
      <p className={form['sum']}>
        <MoneyText amount={amount} />
      </p>
      <h3 className={form['label']}>{t('cash.received')}</h3>
      <Choices>
        {[amount, ...likelyNotes(amount)].map((sum) => (
          <button
            key={sum.minor}
            type="button"
            className={styles['note']}
            aria-pressed={sum.minor === received.minor}
            onClick={() => setReceived(sum)}
          >
            {sum.minor === amount.minor ? t('cash.exact') : formatMoney(sum)}
          </button>
        ))}
      </Choices>
      <p className={styles['change']} role="status">
        {t('cash.change')} <b>{formatMoney(change)}</b>
      </p>
      <RefusedNote refused={act.refused} />
      <Choices>
        <Choice main focused disabled={act.pending} onPress={() => void take()}>
          {act.pending ? t('common.working') : t('cash.take')} <kbd>Enter</kbd>
        </Choice>
        <Choice onPress={onClose}>{t('common.cancel')}</Choice>
      </Choices>
    </Sheet>
  );
}
