import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Now } from '../../contract/counter.ts';
import { formatMoney, subtract } from '../../contract/money.ts';
import { useNow } from '../ui/frame.tsx';
import { Qr } from '../ui/qr.tsx';
import { Choice, Choices } from '../ui/sheet.tsx';
import desk from './desk.module.css';
import styles from './going.module.css';

function secondsTo(until: number, now: number): number {
  return Math.max(0, Math.ceil((until - now) / 1000));
}

interface ShowingProps {
  readonly now: Extract<Now, { phase: 'showing' }>;
  readonly onCancel: (payment: string) => void;
}

/** The customer scans the code: on their display, and here for a counter that has none. */
export function ShowingSay({ now, onCancel }: ShowingProps): ReactNode {
  const { t } = useTranslation();
  const left = secondsTo(now.until, useNow(500));
  return (
    <div className={desk['say']}>
      <div className={styles['code']}>
        <Qr text={now.code} label={t('cashier.code')} />
      </div>
      <p role="status" className={desk['sentence']}>
        {t('cashier.showing')}
      </p>
      <p className={desk['note']}>{left > 0 ? t('cashier.left', { n: left }) : t('cashier.showingOver')}</p>
      <Choices>
        <Choice onPress={() => onCancel(now.payment)}>
          {t('cashier.cancel')} <kbd>Esc</kbd>
        </Choice>
      </Choices>
    </div>
  );
}

interface PartialProps {
  readonly now: Extract<Now, { phase: 'partial' }>;
  readonly onAccept: (payment: string) => void;
  readonly onCancel: (payment: string) => void;
}

/** The bank gives less than was asked: a person says whether that is taken, and what is left is then still to be paid. */
export function PartialSay({ now, onAccept, onCancel }: PartialProps): ReactNode {
  const { t } = useTranslation();
  const left = secondsTo(now.until, useNow(500));
  const approved = formatMoney(now.approved);
  const rest = formatMoney(subtract(now.amount, now.approved));
  return (
    <div className={desk['say']}>
      <p role="status" className={desk['sentence']}>
        {t('cashier.partial', { approved })}
      </p>
      <p className={desk['note']}>{t('cashier.partialNote', { rest, n: left })}</p>
      <Choices>
        <Choice main focused onPress={() => onAccept(now.payment)}>
          {t('cashier.partialTake', { approved })}
        </Choice>
        <Choice onPress={() => onCancel(now.payment)}>
          {t('cashier.partialBack')} <kbd>Esc</kbd>
        </Choice>
      </Choices>
    </div>
  );
}
