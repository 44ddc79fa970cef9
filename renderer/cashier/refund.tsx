import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CounterView } from '../../contract/counter.ts';
import { compare, formatMoney, type Money } from '../../contract/money.ts';
import { outcomeOf, type PaymentView, RefundCause } from '../../contract/payment.ts';
import { Amount, typedOf } from '../ui/amount.tsx';
import { amountOf } from '../ui/entry.ts';
import { RefusedNote, useAct } from '../ui/frame.tsx';
import { PIN_LENGTH, Pin } from '../ui/pin.tsx';
import { Choice, Choices } from '../ui/sheet.tsx';
import { Mark } from '../ui/sign.tsx';
import { clockTime, stateText } from '../ui/write.tsx';
import styles from './refund.module.css';

interface FormProps {
  readonly view: CounterView;
  readonly payment: PaymentView;
  readonly onDone: () => void;
  readonly onBack: () => void;
}

function Causes({
  chosen,
  onChoose,
}: {
  readonly chosen: RefundCause;
  readonly onChoose: (cause: RefundCause) => void;
}) {
  const { t } = useTranslation();
  return (
    <fieldset className={styles['causes']}>
      <legend>{t('refund.why')}</legend>
      {RefundCause.options.map((cause) => (
        <button key={cause} type="button" aria-pressed={cause === chosen} onClick={() => onChoose(cause)}>
          {t(`refund.cause.${cause}`)}
        </button>
      ))}
    </fieldset>
  );
}

/** How much goes back, why, and the owner's PIN where a cashier asks. Filled with all that is left. */
export function RefundForm({ view, payment, left, onDone, onBack }: FormProps & { readonly left: Money }): ReactNode {
  const { t } = useTranslation();
  const act = useAct();
  const [key] = useState(() => crypto.randomUUID());
  const [typed, setTyped] = useState(() => typedOf(left));
  const [cause, setCause] = useState<RefundCause>('returned');
  const [pin, setPin] = useState('');
  const amount = amountOf(typed, left.currency);
  const fits = amount !== undefined && compare(amount, left) <= 0;
  const needsOwner = view.session?.role !== 'owner';
  const ready = fits && (!needsOwner || pin.length === PIN_LENGTH);
  const go = async () => {
    if (!amount) return;
    const ownerPin = needsOwner ? { ownerPin: pin } : {};
    const done = await act.run((client) =>
      client.sale.refund({ key, payment: payment.id, amount, cause, ...ownerPin }),
    );
    if (done) onDone();
    else setPin('');
  };
  return (
    <form
      className={styles['form']}
      onSubmit={(event) => {
        event.preventDefault();
        if (ready && !act.pending) void go();
      }}
    >
      <div className={styles['columns']}>
        <Amount label={t('refund.amount')} currency={left.currency} value={typed} onChange={setTyped} />
        <div className={styles['right']}>
          <p>{t('refund.left', { amount: formatMoney(left) })}</p>
          <Causes chosen={cause} onChoose={setCause} />
          <p className={styles['note']}>{t(payment.tender === 'cash' ? 'refund.cash' : 'refund.card')}</p>
          {needsOwner && <Pin label={t('void.ownerPin')} value={pin} onChange={setPin} />}
        </div>
      </div>
      <RefusedNote refused={act.refused} />
      <Choices>
        <button type="submit" className={styles['go']} disabled={!ready || act.pending}>
          {act.pending ? t('common.working') : t('refund.confirm', { amount: amount ? formatMoney(amount) : '' })}
        </button>
        <Choice onPress={onBack}>{t('common.back')}</Choice>
      </Choices>
    </form>
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
  const act = useAct();
  const reversing = ['reversal-due', 'cancel-due', 'refund-due'].includes(payment.state);
  const area = reversing ? 'reverse' : payment.state === 'saf-unknown' ? 'forward' : payment.kind;
  const [done, setDone] = useState(true);
  const [cause, setCause] = useState('');
  const [pin, setPin] = useState('');
  const ready = pin.length === PIN_LENGTH && cause.trim().length >= 3;
  const go = async () => {
    if (await act.run((client) => client.payments.decide({ payment: payment.id, done, cause: cause.trim(), pin }))) {
      onDone();
    } else setPin('');
  };
  return (
    <form
      className={styles['form']}
      onSubmit={(event) => {
        event.preventDefault();
        if (ready && !act.pending) void go();
      }}
    >
      <p className={styles['note']}>{t('decide.what')}</p>
      <fieldset className={styles['causes']}>
        <legend className="visually-hidden">{t('decide.title')}</legend>
        <button type="button" aria-pressed={done} onClick={() => setDone(true)}>
          {t(`decide.done.${area}`)}
        </button>
        {!reversing && (
          <button type="button" aria-pressed={!done} onClick={() => setDone(false)}>
            {t(`decide.notDone.${area}`)}
          </button>
        )}
      </fieldset>
      <label className={styles['text']}>
        {t('decide.why')}
        <input value={cause} maxLength={200} onChange={(event) => setCause(event.target.value)} />
      </label>
      <Pin label={t('decide.pin')} value={pin} onChange={setPin} />
      <RefusedNote refused={act.refused} />
      <Choices>
        <button type="submit" className={styles['go']} disabled={!ready || act.pending}>
          {act.pending ? t('common.working') : t('decide.confirm')}
        </button>
        <Choice onPress={onBack}>{t('common.back')}</Choice>
      </Choices>
    </form>
  );
}
