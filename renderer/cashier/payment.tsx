import type { TFunction } from 'i18next';
import { type ReactNode, useCallback, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CounterView } from '../../contract/counter.ts';
import { formatMoney } from '../../contract/money.ts';
import { outcomeOf, type PaymentView, type StoryStep } from '../../contract/payment.ts';
import { RefusedNote, useAct } from '../ui/frame.tsx';
import { Choice, Choices, Sheet } from '../ui/sheet.tsx';
import { Mark } from '../ui/sign.tsx';
import { fullTime, MoneyText, paidBy, reasonText, stateText } from '../ui/write.tsx';
import { CompleteForm, ReleaseForm } from './hold.tsx';
import { AskPrinted } from './notices.tsx';
import styles from './payment.module.css';
import { DecideForm, Earlier, RefundForm } from './refund.tsx';
import { VoidConfirm } from './void.tsx';

/** What the clock showed, and that nobody vouches for it where it was in doubt. */
function timeOf({ at, clockSuspect }: PaymentView, zone: string | undefined, t: TFunction): string {
  const time = fullTime(at, zone);
  return clockSuspect ? t('payment.timeSuspect', { time }) : time;
}

/** The figures by which bank and shop speak of a payment. */
function Facts({ payment, zone }: { readonly payment: PaymentView; readonly zone: string | undefined }): ReactNode {
  const { t } = useTranslation();
  const facts: readonly (readonly [string, string | number | null])[] = [
    [t('payment.time'), timeOf(payment, zone, t)],
    [t('payment.day'), payment.clockSuspect ? payment.day : null],
    [t('payment.receiptNo'), payment.receiptNo],
    [t('payment.card'), payment.maskedPan],
    [t('payment.auth'), payment.authCode],
    [t('payment.rrn'), payment.rrn],
    [t('payment.stan'), payment.stan],
    [t('payment.batch'), payment.batch],
    [t('payment.receipt'), t(`print.${payment.print}`)],
  ];
  return (
    <dl className={styles['facts']}>
      {facts
        .filter(([, value]) => value !== null)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

/** A payment's whole story: each journal entry with what it moved in the ledger, and its hash. */
export function Story({
  steps,
  zone,
}: {
  readonly steps: readonly StoryStep[];
  readonly zone: string | undefined;
}): ReactNode {
  const { t } = useTranslation();
  const account = (name: string) => {
    const [kind = name, of = ''] = name.split(':');
    return t([`account.${name}`, `account.${kind}`], {
      of: t(`scheme.${of}`, { defaultValue: of }),
      defaultValue: name,
    });
  };
  return (
    <ol className={styles['story']}>
      {steps.map((step) => (
        <li key={step.seq}>
          <time>{fullTime(step.at, zone).slice(11)}</time>
          <div>
            <b>{t(`event.${step.event}`, { defaultValue: step.state ? t(`state.${step.state}`) : step.event })}</b>
            {Object.keys(step.detail).length > 0 && (
              <p className={styles['detail']}>
                {Object.entries(step.detail)
                  .map(([name, value]) => `${name} ${value}`)
                  .join(' · ')}
              </p>
            )}
            {step.transfers.map((transfer) => (
              <p key={`${transfer.debit} ${transfer.credit}`} className={styles['transfer']}>
                {t('payment.debit', { account: account(transfer.debit) })} ·{' '}
                {t('payment.credit', { account: account(transfer.credit) })} · {formatMoney(transfer.amount)}
              </p>
            ))}
            <p className={styles['hash']} title={step.hash}>
              {t('payment.entry', { seq: step.seq })} · {step.hash.slice(0, 16)}
            </p>
          </div>
        </li>
      ))}
    </ol>
  );
}

/** Reads a payment and its story from the core. */
function useStory(payment: string) {
  const { run, refused, pending } = useAct();
  const [story, setStory] = useState<{ payment: PaymentView; about: PaymentView[]; steps: StoryStep[] }>();
  const load = useCallback(async () => {
    const found = await run((client) => client.payments.story({ payment }));
    if (found) setStory(found);
  }, [run, payment]);
  useEffect(() => {
    void load();
  }, [load]);
  return { story, refused, pending, load };
}

/** What can be asked for about a payment, each on a page of the sheet. */
type Asked = 'void' | 'refund' | 'complete' | 'release' | 'decide';
const titles: Record<Asked, string> = {
  void: 'void.title',
  refund: 'refund.title',
  complete: 'hold.completeTitle',
  release: 'hold.releaseTitle',
  decide: 'decide.title',
};

interface PageProps {
  readonly view: CounterView;
  readonly payment: PaymentView;
  readonly onDone: () => void;
  readonly onBack: () => void;
}

function Page({ asked, ...page }: PageProps & { readonly asked: Asked }): ReactNode {
  const { refundable, held } = page.payment;
  switch (asked) {
    case 'void':
      return <VoidConfirm {...page} />;
    case 'refund':
      return refundable && <RefundForm {...page} left={refundable} />;
    case 'complete':
      return held && <CompleteForm {...page} most={held.most} />;
    case 'release':
      return <ReleaseForm {...page} />;
    case 'decide':
      return <DecideForm {...page} />;
  }
}

/** What this payment allows to be asked for. */
function Asks({
  view,
  payment,
  onAsk,
}: Pick<PageProps, 'view' | 'payment'> & { readonly onAsk: (asked: Asked) => void }) {
  const { t } = useTranslation();
  return (
    <>
      {payment.voidable && <Choice onPress={() => onAsk('void')}>{t('payment.void')}</Choice>}
      {payment.refundable && <Choice onPress={() => onAsk('refund')}>{t('refund.open')}</Choice>}
      {payment.held && <Choice onPress={() => onAsk('complete')}>{t('hold.complete')}</Choice>}
      {payment.held && <Choice onPress={() => onAsk('release')}>{t('hold.release')}</Choice>}
      {payment.decidable && view.session?.role === 'owner' && (
        <Choice onPress={() => onAsk('decide')}>{t('decide.open')}</Choice>
      )}
    </>
  );
}

interface PaymentSheetProps {
  readonly view: CounterView;
  readonly payment: string;
  readonly onClose: () => void;
}

/** One payment: what it is, what can be done with it, and how it came about. */
export function PaymentSheet({ view, payment: id, onClose }: PaymentSheetProps): ReactNode {
  const { t } = useTranslation();
  const { story, refused, load } = useStory(id);
  const [showing, setShowing] = useState<'payment' | Asked>('payment');
  const [showStory, setShowStory] = useState(false);
  const reprint = useAct();
  const zone = view.store?.zone;
  const payment = view.recent.find((one) => one.id === id) ?? story?.payment;
  if (payment === undefined) {
    return (
      <Sheet title={t('payment.title')} onClose={onClose}>
        {refused ? <RefusedNote refused={refused} /> : <p>{t('common.loading')}</p>}
      </Sheet>
    );
  }
  if (showing !== 'payment') {
    const done = () => {
      setShowing('payment');
      void load();
    };
    return (
      <Sheet title={t(titles[showing])} onClose={onClose} wide={showing === 'refund'}>
        <Page asked={showing} view={view} payment={payment} onBack={() => setShowing('payment')} onDone={done} />
      </Sheet>
    );
  }
  return (
    <Sheet title={t('payment.title')} onClose={onClose} wide={showStory}>
      <div className={styles['head']}>
        <p className={styles['sum']}>
          <MoneyText amount={payment.amount} />
        </p>
        <p className={styles['state']}>
          <Mark outcome={outcomeOf(payment.state, payment.kind)} /> {stateText(payment, t)}
          <span>{paidBy(payment, t)}</span>
        </p>
        {payment.reason !== null && <p>{reasonText(payment.reason, t)}</p>}
      </div>
      {payment.print === 'asked' && <AskPrinted payment={payment} zone={zone} />}
      <Facts payment={payment} zone={zone} />
      <Earlier
        about={story?.about.map((one) => view.recent.find(({ id }) => id === one.id) ?? one) ?? []}
        zone={zone}
      />
      <RefusedNote refused={reprint.refused} />
      <Choices>
        {payment.print !== 'none' && (
          <Choice
            disabled={reprint.pending}
            onPress={() => void reprint.run((client) => client.payments.reprint({ payment: id }))}
          >
            {t('payment.reprint')}
          </Choice>
        )}
        <Asks view={view} payment={payment} onAsk={setShowing} />
        <Choice
          onPress={() => {
            setShowStory(!showStory);
            void load();
          }}
        >
          {t(showStory ? 'payment.hideStory' : 'payment.story')}
        </Choice>
      </Choices>
      {showStory && story && <Story steps={story.steps} zone={zone} />}
    </Sheet>
  );
}
