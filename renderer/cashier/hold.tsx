import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CounterView } from '../../contract/counter.ts';
import { compare, formatMoney, type Money, money } from '../../contract/money.ts';
import type { PaymentView } from '../../contract/payment.ts';
import type { TerminalClient } from '../core.ts';
import { Amount, typedOf } from '../ui/amount.tsx';
import { useAsk } from '../ui/ask.ts';
import styles from '../ui/confirm.module.css';
import { Confirm, needsOwner, ownerPin, useKey } from '../ui/confirm.tsx';
import { amountOf } from '../ui/entry.ts';
import { RefusedNote, useAct, useNow } from '../ui/frame.tsx';
import { Choice, Choices, Sheet } from '../ui/sheet.tsx';
import { fullTime, MoneyText, paidBy } from '../ui/write.tsx';
import refund from './refund.module.css';

interface SheetProps {
  readonly view: CounterView;
  /** What stands on the pad. */
  readonly amount: Money | undefined;
  readonly onHeld: () => void;
  readonly onOpen: (payment: string) => void;
  readonly onClose: () => void;
}

const askHeld = (client: TerminalClient) => client.payments.held({});

/** Holds the typed amount on a card, and lists what is held now. */
export function HoldSheet({ view, amount, onHeld, onOpen, onClose }: SheetProps): ReactNode {
  const { t } = useTranslation();
  const act = useAct();
  const { value: held, refused } = useAsk(askHeld, view.seq);
  const key = useKey();
  const now = useNow(30_000);
  const hold = async () => {
    if (amount && (await act.run((client) => client.sale.hold({ key, amount })))) onHeld();
  };
  return (
    <Sheet title={t('hold.title')} onClose={onClose}>
      <p className={styles['note']}>{t('hold.what')}</p>
      <RefusedNote refused={act.refused ?? refused} />
      {amount && (
        <Choices>
          <Choice main focused disabled={act.pending} onPress={() => void hold()}>
            {act.pending ? t('common.working') : t('hold.open', { amount: formatMoney(amount) })}
          </Choice>
        </Choices>
      )}
      <h3>{t('hold.listed')}</h3>
      {held?.length === 0 && <p className={styles['note']}>{t('hold.none')}</p>}
      <ul className={refund['earlier']} hidden={!held?.length}>
        {held?.map((one) => (
          <li key={one.id}>
            <Choice onPress={() => onOpen(one.id)}>{one.receiptNo}</Choice>
            <span>{paidBy(one, t)}</span>
            <span>{one.held && (one.held.until < now ? t('hold.expired') : until(one, view, t))}</span>
            <span>{formatMoney(one.amount)}</span>
          </li>
        ))}
      </ul>
    </Sheet>
  );
}

function until(one: PaymentView, view: CounterView, t: ReturnType<typeof useTranslation>['t']): string {
  return t('hold.until', { time: fullTime(one.held?.until ?? 0, view.store?.zone).slice(0, 10) });
}

interface FormProps {
  readonly view: CounterView;
  readonly payment: PaymentView;
  readonly onDone: () => void;
  readonly onBack: () => void;
}

/** Takes what was held, or less. */
export function CompleteForm({
  payment,
  most,
  onDone,
  onBack,
}: Omit<FormProps, 'view'> & { readonly most: Money }): ReactNode {
  const { t } = useTranslation();
  const key = useKey();
  const [typed, setTyped] = useState(() => typedOf(payment.amount));
  const amount = amountOf(typed, most.currency) ?? money(0, most.currency);
  return (
    <Confirm
      ready={amount.minor > 0 && compare(amount, most) <= 0}
      look="main"
      word={t('hold.take', { amount: formatMoney(amount) })}
      ask={(client) => client.sale.complete({ key, payment: payment.id, amount })}
      onDone={onDone}
      onBack={onBack}
    >
      <p>{t('hold.most', { amount: formatMoney(most) })}</p>
      <Amount label={t('payment.amount')} currency={most.currency} value={typed} onChange={setTyped} />
    </Confirm>
  );
}

/** Frees what was held, with the owner's PIN where a cashier asks. */
export function ReleaseForm({ view, payment, onDone, onBack }: FormProps): ReactNode {
  const { t } = useTranslation();
  const key = useKey();
  return (
    <Confirm
      pin={needsOwner(view) ? t('void.ownerPin') : undefined}
      pinFirst
      word={t('hold.releaseConfirm', { amount: formatMoney(payment.amount) })}
      ask={(client, pin) => client.sale.release({ key, payment: payment.id, ...ownerPin(pin) })}
      onDone={onDone}
      onBack={onBack}
    >
      <p className={styles['sum']}>
        <MoneyText amount={payment.amount} />
      </p>
      <p className={styles['note']}>{t('hold.releaseWhat')}</p>
    </Confirm>
  );
}
