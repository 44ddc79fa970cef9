import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CounterView } from '../../contract/counter.ts';
import { formatMoney } from '../../contract/money.ts';
import type { PaymentView } from '../../contract/payment.ts';
import styles from '../ui/confirm.module.css';
import { Confirm, needsOwner, ownerPin, useKey } from '../ui/confirm.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { clockTime, MoneyText, paidBy } from '../ui/write.tsx';
import { Tape } from './side.tsx';

interface ConfirmProps {
  readonly view: CounterView;
  readonly payment: PaymentView;
  readonly onDone: () => void;
  readonly onBack: () => void;
}

/** Asks once more, with the owner's PIN where a cashier asks. */
export function VoidConfirm({ view, payment, onDone, onBack }: ConfirmProps): ReactNode {
  const { t } = useTranslation();
  const key = useKey();
  return (
    <Confirm
      pin={needsOwner(view) ? t('void.ownerPin') : undefined}
      pinFirst
      word={t('void.confirm', { amount: formatMoney(payment.amount) })}
      ask={(client, pin) => client.sale.void({ key, payment: payment.id, ...ownerPin(pin) })}
      onDone={onDone}
      onBack={onBack}
    >
      <p className={styles['sum']}>
        <MoneyText amount={payment.amount} />
      </p>
      <p>
        {clockTime(payment.at, view.store?.zone)} · {paidBy(payment, t)} · {payment.receiptNo}
      </p>
      <p className={styles['note']}>{t('void.what')}</p>
    </Confirm>
  );
}

/** Which payment to take back, and then really? */
export function VoidSheet({ view, onClose }: { readonly view: CounterView; readonly onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<string>();
  const voidable = view.recent.filter((payment) => payment.voidable);
  const payment = view.recent.find((one) => one.id === chosen);
  return (
    <Sheet title={payment ? t('void.title') : t('void.choose')} onClose={onClose}>
      {payment ? (
        <VoidConfirm view={view} payment={payment} onDone={onClose} onBack={() => setChosen(undefined)} />
      ) : voidable.length === 0 ? (
        <p>{t('cashier.voidNone')}</p>
      ) : (
        <Tape payments={voidable} zone={view.store?.zone} onOpen={setChosen} />
      )}
    </Sheet>
  );
}
