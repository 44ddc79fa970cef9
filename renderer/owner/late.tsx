import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CounterView } from '../../contract/counter.ts';
import { formatAmount, formatMoney } from '../../contract/money.ts';
import type { LateItem } from '../../contract/queue.ts';
import type { TerminalClient } from '../core.ts';
import { useAsk } from '../ui/ask.ts';
import form from '../ui/confirm.module.css';
import { Confirm, useKey } from '../ui/confirm.tsx';
import { RefusedNote, useAct } from '../ui/frame.tsx';
import page from '../ui/page.module.css';
import { Choice, Sheet } from '../ui/sheet.tsx';
import { Mark } from '../ui/sign.tsx';
import { clockTime, fullTime, paidBy, reasonText, stateText } from '../ui/write.tsx';
import styles from './late.module.css';

const askLate = (client: TerminalClient) => client.queue.late({});

interface LateProps {
  readonly view: CounterView;
  readonly onPayment: (payment: string) => void;
  /** A payment was opened for a customer who came back: the till waits for it. */
  readonly onTill: () => void;
}

/** Offline payments that brought no money: whom to ask, what was done, and who closed it. */
export function LateWork({ view, onPayment, onTill }: LateProps): ReactNode {
  const { t } = useTranslation();
  const { value: items, refused, again } = useAsk(askLate, view.seq);
  const [doing, setDoing] = useState<{ readonly item: LateItem; readonly what: 'note' | 'write-off' }>();
  const open = items?.filter((item) => item.open) ?? [];
  const closed = items?.filter((item) => !item.open) ?? [];
  const done = () => {
    setDoing(undefined);
    again();
  };
  return (
    <section aria-label={t('late.title')}>
      <header className={page['head']}>
        <h2>{t('late.title')}</h2>
        {open.length > 0 && <p>{t('late.note')}</p>}
      </header>
      <RefusedNote refused={refused} />
      {items !== undefined && open.length === 0 && <p className={page['note']}>{t('late.none')}</p>}
      {open.map((item) => (
        <Item key={item.payment.id} view={view} item={item} onPayment={onPayment}>
          <ItemWork item={item} onDone={again} onTill={onTill} onDo={(what) => setDoing({ item, what })} />
        </Item>
      ))}
      {closed.length > 0 && <h3 className={page['note']}>{t('late.closed')}</h3>}
      {closed.map((item) => (
        <Item key={item.payment.id} view={view} item={item} onPayment={onPayment} />
      ))}
      {doing?.what === 'note' && <NoteSheet item={doing.item} onClose={() => setDoing(undefined)} onDone={done} />}
      {doing?.what === 'write-off' && (
        <WriteOffSheet item={doing.item} onClose={() => setDoing(undefined)} onDone={done} />
      )}
    </section>
  );
}

interface ItemProps {
  readonly view: CounterView;
  readonly item: LateItem;
  readonly onPayment: LateProps['onPayment'];
  readonly children?: ReactNode;
}

function Item({ view, item, onPayment, children }: ItemProps): ReactNode {
  const { t } = useTranslation();
  const { payment, again, steps } = item;
  const zone = view.store?.zone;
  return (
    <article className={styles['item']}>
      <div className={styles['line']}>
        <button type="button" className={page['open']} onClick={() => onPayment(payment.id)}>
          {payment.receiptNo}
        </button>
        <b>{formatAmount(payment.amount)}</b>
        <span>{paidBy(payment, t)}</span>
        <span className={page['mark']}>
          <Mark outcome={payment.outcome} />
          {payment.reason === null ? stateText(payment, t) : reasonText(payment.reason, t)}
        </span>
        <time>{fullTime(payment.at, zone).slice(0, 16)}</time>
      </div>
      {again && (
        <p className={styles['steps']}>{t('late.again', { no: again.receiptNo, state: stateText(again, t) })}</p>
      )}
      {steps.map((step) => (
        <p key={`${step.at} ${step.what}`} className={styles['steps']}>
          {clockTime(step.at, zone)} · {t([`person.${step.staff}`, 'person.cashier'])}
          {step.approver !== null && ` / ${t([`person.${step.approver}`, 'person.owner'])}`} ·{' '}
          {t(`late.did.${step.what}`)}
          {step.note !== null && ` · ${step.note}`}
        </p>
      ))}
      {children}
    </article>
  );
}

interface WorkProps {
  readonly item: LateItem;
  readonly onDone: () => void;
  readonly onTill: () => void;
  readonly onDo: (what: 'note' | 'write-off') => void;
}

/** What is to be done next, and the buttons for it. */
function ItemWork({ item, onDone, onTill, onDo }: WorkProps): ReactNode {
  const { t } = useTranslation();
  const act = useAct();
  const key = useKey();
  const { id } = item.payment;
  const paid = item.again !== null && item.again.outcome === 'approved';
  const waits = item.again !== null && ['open', 'unknown', 'cancelling', 'voiding'].includes(item.again.outcome);
  const take = async () => {
    if (await act.run((client) => client.queue.takeAgain({ key, payment: id }))) onTill();
  };
  const close = async () => {
    if (await act.run((client) => client.queue.closeLate({ payment: id, what: 'paid-again' }))) onDone();
  };
  return (
    <div className={styles['line']}>
      <span className={styles['next']}>{t(`late.next.${paid ? 'finish' : waits ? 'wait' : 'contact'}`)}</span>
      <i className={styles['fill']} />
      <RefusedNote refused={act.refused} />
      {paid ? (
        <Choice main disabled={act.pending} onPress={() => void close()}>
          {t('late.paid')}
        </Choice>
      ) : (
        <Choice main disabled={act.pending || waits} onPress={() => void take()}>
          {t('late.takeAgain')}
        </Choice>
      )}
      <Choice onPress={() => onDo('note')}>{t('late.addNote')}</Choice>
      <Choice danger onPress={() => onDo('write-off')}>
        {t('late.writeOff')}
      </Choice>
    </div>
  );
}

interface SheetProps {
  readonly item: LateItem;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

function NoteSheet({ item, onClose, onDone }: SheetProps): ReactNode {
  const { t } = useTranslation();
  const [note, setNote] = useState('');
  return (
    <Sheet title={`${t('late.addNote')} · ${item.payment.receiptNo}`} onClose={onClose}>
      <Confirm
        look="main"
        ready={note.trim() !== ''}
        word={t('late.save')}
        ask={(client) => client.queue.note({ payment: item.payment.id, note })}
        onDone={onDone}
        onBack={onClose}
      >
        <label className={form['text']}>
          {t('late.noteLabel')}
          <input value={note} maxLength={200} onChange={(event) => setNote(event.target.value)} data-focused="" />
        </label>
      </Confirm>
    </Sheet>
  );
}

/** A loss is written off with the owner's PIN, whoever is signed in. */
function WriteOffSheet({ item, onClose, onDone }: SheetProps): ReactNode {
  const { t } = useTranslation();
  const [note, setNote] = useState('');
  const { payment } = item;
  const why = note.trim() === '' ? {} : { note };
  return (
    <Sheet title={`${t('late.writeOffTitle')} · ${payment.receiptNo}`} onClose={onClose}>
      <Confirm
        pin={t('late.ownerPin')}
        word={t('late.confirm', { amount: formatMoney(payment.amount) })}
        ask={(client, pin) =>
          client.queue.closeLate({ payment: payment.id, what: 'written-off', ownerPin: pin, ...why })
        }
        onDone={onDone}
        onBack={onClose}
      >
        <p>{t('late.writeOffNote')}</p>
        <label className={form['text']}>
          {t('late.reason')}
          <input value={note} maxLength={200} onChange={(event) => setNote(event.target.value)} data-focused="" />
        </label>
      </Confirm>
    </Sheet>
  );
}
