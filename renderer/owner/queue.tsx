import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CounterView } from '../../contract/counter.ts';
import { formatAmount } from '../../contract/money.ts';
import { outcomeOf } from '../../contract/payment.ts';
import type { TerminalClient } from '../core.ts';
import { useAsk } from '../ui/ask.ts';
import { RefusedNote, useAct, useNow } from '../ui/frame.tsx';
import page from '../ui/page.module.css';
import { queueText } from '../ui/queue.tsx';
import { Choice } from '../ui/sheet.tsx';
import { Mark } from '../ui/sign.tsx';
import { paidBy, span, stateText } from '../ui/write.tsx';
import { LateWork } from './late.tsx';

interface QueueProps {
  readonly view: CounterView;
  readonly onPayment: (payment: string) => void;
  readonly onTill: () => void;
}

const askQueue = (client: TerminalClient) => client.queue.list({});

/** What still waits for the bank: how long already, and what the terminal does next by itself. */
export function Queue({ view, onPayment, onTill }: QueueProps): ReactNode {
  const { t } = useTranslation();
  const { value: payments, refused, again } = useAsk(askQueue, view.seq);
  const sending = useAct();
  const pausing = useAct();
  const [left, setLeft] = useState<number>();
  const now = useNow(1_000);
  const send = async () => {
    const answer = await sending.run((client) => client.queue.forward({}));
    if (answer) setLeft(answer.left);
    again();
  };
  const { offline } = view;
  const paused = offline?.forwarding.paused != null;
  const pause = () => void pausing.run((client) => (paused ? client.queue.resume({}) : client.queue.pause({})));
  return (
    <>
      <header className={page['head']}>
        <h1>{t('owner.queue')}</h1>
        <p>{t('owner.queueNote')}</p>
        <i className={page['fill']} />
        <span role="status">
          {sending.pending
            ? t('common.working')
            : left !== undefined && (left === 0 ? t('owner.sent') : t('owner.left', { count: left }))}
        </span>
        <Choice disabled={pausing.pending} onPress={pause}>
          {t(paused ? 'queue.resume' : 'queue.pause')}
        </Choice>
        <Choice main disabled={sending.pending || (payments?.length ?? 0) === 0} onPress={() => void send()}>
          {t('owner.sendNow')}
        </Choice>
      </header>
      {offline !== null && offline.count > 0 && (
        <p className={page['note']}>{queueText(offline, now, t).join(' · ')}</p>
      )}
      <RefusedNote refused={sending.refused ?? pausing.refused ?? refused} />
      {payments?.length === 0 && <p className={page['note']}>{t('owner.queueEmpty')}</p>}
      {payments !== undefined && payments.length > 0 && (
        <table className={page['rows']}>
          <thead>
            <tr>
              <th scope="col">{t('payment.receiptNo')}</th>
              <th scope="col">{t('payment.tender')}</th>
              <th scope="col" className={page['right']}>
                {t('payment.amount')}
              </th>
              <th scope="col">{t('payment.state')}</th>
              <th scope="col">{t('payment.time')}</th>
              <th scope="col">{t('payment.next')}</th>
            </tr>
          </thead>
          <tbody>
            {payments.map((payment) => (
              <tr key={payment.id}>
                <td>
                  <button type="button" className={page['open']} onClick={() => onPayment(payment.id)}>
                    {payment.receiptNo}
                  </button>
                </td>
                <td>{paidBy(payment, t)}</td>
                <td className={page['right']}>{formatAmount(payment.amount)}</td>
                <td>
                  <span className={page['mark']}>
                    <Mark outcome={outcomeOf(payment.state, payment.kind)} />
                    {stateText(payment, t)}
                  </span>
                </td>
                <td>{t('owner.age', { time: span(now - payment.at, t) })}</td>
                <td>
                  {payment.next &&
                    `${t(`next.${payment.next.what}`)} · ${
                      payment.next.at > now
                        ? t('owner.due', { time: span(payment.next.at - now + 999, t) })
                        : t('owner.now')
                    } · ${t('result.attempt', { n: payment.next.attempt })}`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <LateWork view={view} onPayment={onPayment} onTill={onTill} />
    </>
  );
}
