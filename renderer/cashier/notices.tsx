import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { CounterView, Notice } from '../../contract/counter.ts';
import type { PaymentView } from '../../contract/payment.ts';
import { RefusedNote, useAct } from '../ui/frame.tsx';
import { Choice, Choices, Sheet } from '../ui/sheet.tsx';
import { clockTime, MoneyText, paidBy } from '../ui/write.tsx';
import styles from './notices.module.css';

const weight: Record<Notice['severity'], number> = { trouble: 2, attention: 1, info: 0 };

/** The notice that a person should see first. */
export function worst(notices: readonly Notice[]): Notice | undefined {
  return [...notices].sort((a, b) => weight[b.severity] - weight[a.severity])[0];
}

/** A notice in words, with its state or its count where it has one. */
export function noticeText(notice: Notice, t: TFunction): string {
  const { trouble, count } = notice.values;
  if (notice.code === 'printer-trouble' && typeof trouble === 'string') {
    return `${t('device.kind.printer')} · ${t(`device.printer.${trouble}`, { defaultValue: t('device.printer.error') })}`;
  }
  const text = t(`notice.${notice.code}`);
  return typeof count === 'number' ? `${text} · ${count}` : text;
}

/** Only a person can say whether paper came out. */
export function AskPrinted({
  payment,
  zone,
}: {
  readonly payment: PaymentView;
  readonly zone: string | undefined;
}): ReactNode {
  const { t } = useTranslation();
  const act = useAct();
  const say = (came: boolean) => void act.run((client) => client.payments.printed({ payment: payment.id, came }));
  return (
    <div className={styles['asked']}>
      <p>
        <b>{t('payment.askPrinted')}</b> {clockTime(payment.at, zone)} · {paidBy(payment, t)} ·{' '}
        <MoneyText amount={payment.amount} />
      </p>
      <Choices>
        <Choice main disabled={act.pending} onPress={() => say(true)}>
          {t('payment.came')}
        </Choice>
        <Choice disabled={act.pending} onPress={() => say(false)}>
          {t('payment.notCame')}
        </Choice>
      </Choices>
      <RefusedNote refused={act.refused} />
    </div>
  );
}

/** All that a person should know, each with what to do. */
export function NoticesSheet({
  view,
  onClose,
}: {
  readonly view: CounterView;
  readonly onClose: () => void;
}): ReactNode {
  const { t } = useTranslation();
  const sorted = [...view.notices].sort((a, b) => weight[b.severity] - weight[a.severity]);
  return (
    <Sheet title={t('owner.attention')} onClose={onClose}>
      {sorted.length === 0 && <p>{t('owner.nothing')}</p>}
      {sorted.map((notice) => (
        <div key={notice.code} className={`${styles['notice']} ${styles[notice.severity]}`}>
          <b>{noticeText(notice, t)}</b>
          <p>{t(`noticeRemedy.${notice.code}`)}</p>
        </div>
      ))}
      {view.recent
        .filter((payment) => payment.print === 'asked')
        .map((payment) => (
          <AskPrinted key={payment.id} payment={payment} zone={view.store?.zone} />
        ))}
    </Sheet>
  );
}
