import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CounterView } from '../../contract/counter.ts';
import { RefusedNote, useAct } from '../ui/frame.tsx';
import type { Opened } from './cashier.tsx';
import styles from './foot.module.css';
import { noticeText, worst } from './notices.tsx';

interface FootProps {
  readonly view: CounterView;
  readonly onCash: () => void;
  readonly onShow: () => void;
  readonly onSplit: () => void;
  readonly onHold: () => void;
  readonly onOpen: (opened: Opened) => void;
}

const SENT_MS = 4_000;

/** The line below the till: what is one touch away, and what a person should know. */
export function Foot({ view, onCash, onShow, onSplit, onHold, onOpen }: FootProps): ReactNode {
  const { t } = useTranslation();
  const reprint = useAct();
  const last = view.recent.find((payment) => payment.print !== 'none');
  const [sent, setSent] = useState(false);
  useEffect(() => {
    if (!sent) return undefined;
    const timer = setTimeout(() => setSent(false), SENT_MS);
    return () => clearTimeout(timer);
  }, [sent]);
  const again = async (payment: string) => {
    setSent((await reprint.run((client) => client.payments.reprint({ payment }))) !== undefined);
  };
  const notice = worst(view.notices);
  const more = view.notices.length - 1;
  return (
    <footer className={styles['foot']}>
      <button type="button" title="F2" onClick={onCash}>
        {t('cashier.cash')}
      </button>
      {view.showsCodes && (
        <button type="button" title="F7" onClick={onShow}>
          {t('cashier.showCode')}
        </button>
      )}
      {view.sale === null && (
        <button type="button" title="F6" onClick={onSplit}>
          {t('cashier.split')}
        </button>
      )}
      <button
        type="button"
        disabled={last === undefined || reprint.pending}
        onClick={() => last && void again(last.id)}
      >
        {t('cashier.reprint')}
      </button>
      <button type="button" title="F4" onClick={() => onOpen({ sheet: 'void' })}>
        {t('cashier.void')}
      </button>
      {view.holds && (
        <button type="button" title="F9" onClick={onHold}>
          {t('cashier.hold')}
        </button>
      )}
      <button type="button" onClick={() => onOpen({ sheet: 'drawer' })}>
        {t('cashier.drawer')}
      </button>
      <button type="button" title="F1 ?" onClick={() => onOpen({ sheet: 'keys' })}>
        {t('cashier.keys')}
      </button>
      <span className={styles['fill']} aria-live="polite">
        {sent ? t('cashier.reprintDone') : <RefusedNote refused={reprint.refused} />}
      </span>
      {notice && (
        <button type="button" className={styles[notice.severity]} onClick={() => onOpen({ sheet: 'notices' })}>
          <span aria-hidden="true">{notice.severity === 'info' ? '●' : '▲'} </span>
          {noticeText(notice, t)}
          {more > 0 && ` +${more}`}
          <span aria-hidden="true"> ▸</span>
        </button>
      )}
    </footer>
  );
}
