import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CounterView } from '../../contract/counter.ts';
import { compare, formatMoney, type Money, money } from '../../contract/money.ts';
import { outcomeOf, type PaymentView, RefundCause } from '../../contract/payment.ts';
import { Amount, typedOf } from '../ui/amount.tsx';
import form from '../ui/confirm.module.css';
import { Confirm, needsOwner, Options, ownerPin, useKey } from '../ui/confirm.tsx';
import { amountOf } from '../ui/entry.ts';
import { Mark } from '../ui/sign.tsx';
import { clockTime, stateText } from '../ui/write.tsx';
import styles from './refund.module.css';

interface FormProps {
  readonly view: CounterView;
  readonly payment: PaymentView;
  readonly onDone: () => void;
  readonly onBack: () => void;
}

/** How much goes back, why, and the owner's PIN where a cashier asks. Filled with all that is left. */
export function RefundForm({ view, payment, left, onDone, onBack }: FormProps & { readonly left: Money }): ReactNode {
  const { t } = useTranslation();
  const key = useKey();
  const [typed, setTyped] = useState(() => typedOf(left));
  const [cause, setCause] = useState<RefundCause>('returned');
  const amount = amountOf(typed, left.currency) ?? money(0, left.currency);
  return (
    <Confirm
      pin={needsOwner(view) ? t('void.ownerPin') : undefined}
      ready={amount.minor > 0 && compare(amount, left) <= 0}
      word={t('refund.confirm', { amount: formatMoney(amount) })}
      ask={(client, pin) => client.sale.refund({ key, payment: payment.id, amount, cause, ...ownerPin(pin) })}
      onDone={onDone}
      onBack={onBack}
    >
      <div className={form['beside']}>
        <Amount label={t('refund.amount')} currency={left.currency} value={typed} onChange={setTyped} />
        <div>
          <p>{t('refund.left', { amount: formatMoney(left) })}</p>
          <Options
            label={t('refund.why')}
            options={RefundCause.options}
            chosen={cause}
            word={(one) => t(`refund.cause.${one}`)}
            onChoose={setCause}
          />
          <p className={form['note']}>{t(payment.tender === 'cash' ? 'refund.cash' : 'refund.card')}</p>
        </div>
      </div>
    </Confirm>
  );
}

/** Refunds, voids and completions of a payment, each with how it ended. */
export function Earlier({
  about,
  zone,
}: {
  readonly about: readonly PaymentView[];
  readonly zone: string | undefined;
}) {
  const { t } = useTranslation();
  if (about.length === 0) return null;
  return (
    <ul className={styles['earlier']} aria-label={t('refund.earlier')}>
      {about.map((one) => (
        <li key={one.id}>
          <Mark outcome={outcomeOf(one.state, one.kind)} />
          <span>
            {clockTime(one.at, zone)} {t(`receipt.kind.${one.kind}`)} {one.receiptNo}
          </span>
          <span>{stateText(one, t)}</span>
          <span>{formatMoney(one.amount)}</span>
        </li>
      ))}
    </ul>
  );
}

/** What the owner says of a payment that does not come to its end by itself: done at the bank or not, and who said so. */
export function DecideForm({ payment, onDone, onBack }: Omit<FormProps, 'view'>): ReactNode {
  const { t } = useTranslation();
  const reversing = ['reversal-due', 'cancel-due', 'refund-due'].includes(payment.state);
  const area = reversing ? 'reverse' : payment.state === 'saf-unknown' ? 'forward' : payment.kind;
  const [said, setSaid] = useState<'done' | 'notDone'>('done');
  const [cause, setCause] = useState('');
  const why = cause.trim();
  return (
    <Confirm
      pin={t('decide.pin')}
      ready={why.length >= 3}
      word={t('decide.confirm')}
      ask={(client, pin) => client.payments.decide({ payment: payment.id, done: said === 'done', cause: why, pin })}
      onDone={onDone}
      onBack={onBack}
    >
      <p className={form['note']}>{t('decide.what')}</p>
      <Options
        label={t('decide.which')}
        options={reversing ? ['done'] : ['done', 'notDone']}
        chosen={said}
        word={(one) => t(`decide.${one}.${area}`)}
        onChoose={setSaid}
      />
      <label className={form['text']}>
        {t('decide.why')}
        <input value={cause} maxLength={200} onChange={(event) => setCause(event.target.value)} />
      </label>
    </Confirm>
  );
}
