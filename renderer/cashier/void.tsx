import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CounterView } from '../../contract/counter.ts';
import { formatMoney } from '../../contract/money.ts';
import type { PaymentView } from '../../contract/payment.ts';
import { RefusedNote, useAct } from '../ui/frame.tsx';
import { PIN_LENGTH, Pin } from '../ui/pin.tsx';
import { Choice, Choices, Sheet } from '../ui/sheet.tsx';
import { clockTime, MoneyText, paidBy } from '../ui/write.tsx';
import { Tape } from './side.tsx';
import styles from './void.module.css';

interface ConfirmProps {
  readonly view: CounterView;
  readonly payment: PaymentView;
  readonly onDone: () => void;
  readonly onBack: () => void;
}

/** Asks once more, with the owner's PIN where a cashier asks. */
export function VoidConfirm({ view, payment, onDone, onBack }: ConfirmProps): ReactNode {
  const { t } = useTranslation();
  const act = useAct();
  const [key] = useState(() => crypto.randomUUID());
  const [pin, setPin] = useState('');
  const needsOwner = view.session?.role !== 'owner';
  const ready = !needsOwner || pin.length === PIN_LENGTH;
  const go = async () => {
    const ownerPin = needsOwner ? { ownerPin: pin } : {};
    const done = await act.run((client) => client.sale.void({ key, payment: payment.id, ...ownerPin }));
    if (done) onDone();
    else setPin('');
  };
  return (
    <form
      className={styles['confirm']}
      onSubmit={(event) => {
        event.preventDefault();
        if (ready && !act.pending) void go();
      }}
    >
      <p className={styles['sum']}>
        <MoneyText amount={payment.amount} />
      </p>
      <p>
        {clockTime(payment.at, view.store?.zone)} · {paidBy(payment, t)} · {payment.receiptNo}
      </p>
      <p className={styles['what']}>{t('void.what')}</p>
      {needsOwner && <Pin label={t('void.ownerPin')} value={pin} onChange={setPin} focused />}
      <RefusedNote refused={act.refused} />
      <Choices>
        <button type="submit" className={styles['go']} disabled={!ready || act.pending}>
          {act.pending ? t('common.working') : t('void.confirm', { amount: formatMoney(payment.amount) })}
        </button>
        <Choice onPress={onBack}>{t('common.back')}</Choice>
      </Choices>
    </form>
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
