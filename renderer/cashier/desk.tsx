import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { CounterView, Now } from '../../contract/counter.ts';
import { formatAmount, formatMoney, type Money } from '../../contract/money.ts';
import type { Refused } from '../core.ts';
import { CardChoices } from '../ui/choices.tsx';
import { amountOf, display, type PadKey } from '../ui/entry.ts';
import { RefusedNote, useNow } from '../ui/frame.tsx';
import { Pad } from '../ui/pad.tsx';
import { Choice, Choices } from '../ui/sheet.tsx';
import { CodeMark, TapMark } from '../ui/sign.tsx';
import { reasonText } from '../ui/write.tsx';
import styles from './desk.module.css';
import { PartialSay, ShowingSay } from './going.tsx';

/** The amount, as large as its length allows. */
function AmountLine({
  symbol,
  typed,
  rest,
  small,
}: {
  readonly symbol: string;
  readonly typed: string;
  readonly rest: string;
  /** Beside a sale in parts, whose sums stand below. */
  readonly small: boolean;
}): ReactNode {
  const { t } = useTranslation();
  const long = typed.length + rest.length > 9;
  return (
    <output
      className={`${styles['amount']} ${small ? styles['small'] : long ? styles['long'] : ''}`}
      aria-label={t('pad.amount')}
    >
      <small>{symbol}</small>
      {typed}
      <span className={styles['rest']}>{rest}</span>
    </output>
  );
}

type Going = Exclude<Now, { phase: 'idle' } | { phase: 'result' }>;
type Waiting = Extract<Now, { phase: 'waiting' }>;

function WaitingSay({
  now,
  onCash,
  onCancel,
}: { readonly now: Waiting } & Pick<DeskProps, 'onCash' | 'onCancel'>): ReactNode {
  const { t } = useTranslation();
  const devices = now.reader
    ? now.scanner
      ? 'cashier.ready'
      : 'cashier.readerOnly'
    : now.scanner
      ? 'cashier.scannerOnly'
      : 'cashier.noDevices';
  return (
    <div className={styles['say']}>
      <div className={styles['marks']}>
        {now.reader && <TapMark />}
        {now.scanner && !now.reader && <CodeMark />}
      </div>
      <p role="status" className={styles['sentence']}>
        {t(`prompt.${now.prompt}`)}
      </p>
      <p className={now.reason === null ? styles['note'] : styles['why']}>
        {now.reason !== null
          ? reasonText(now.reason, t)
          : now.tag
            ? `${t(`tag.${now.tag.kind}`)} ${now.tag.id}`
            : t(devices)}
      </p>
      <Choices>
        <Choice onPress={onCash}>
          {t('cashier.cash')} <kbd>F2</kbd>
        </Choice>
        <Choice onPress={() => onCancel(now.payment)}>
          {t('cashier.cancel')} <kbd>Esc</kbd>
        </Choice>
      </Choices>
    </div>
  );
}

/** How much of the bank's time has gone, with what is left in seconds. */
function AskingSay({ now }: { readonly now: Extract<Now, { phase: 'asking' }> }): ReactNode {
  const { t } = useTranslation();
  const time = useNow(250);
  const left = Math.max(0, now.until - time);
  const share = Math.min(1, Math.max(0, left / Math.max(1, now.until - now.since)));
  return (
    <div className={styles['say']}>
      <svg className={styles['clock']} viewBox="0 0 148 148" aria-hidden="true">
        <circle className={styles['track']} cx="74" cy="74" r="66" />
        <circle
          className={styles['gone']}
          cx="74"
          cy="74"
          r="66"
          pathLength="100"
          strokeDasharray={`${share * 100} 100`}
          transform="rotate(-90 74 74)"
        />
        <text x="74" y="90" textAnchor="middle">
          {Math.ceil(left / 1000)}
        </text>
      </svg>
      <p role="status" className={styles['sentence']}>
        {t(now.confirming ? 'cashier.confirming' : 'cashier.asking')}
      </p>
      <p className={styles['note']}>
        {[left > 0 && t('cashier.left', { n: Math.ceil(left / 1000) }), !now.confirming && t('cashier.askingNote')]
          .filter(Boolean)
          .join(' · ')}
      </p>
    </div>
  );
}

function ReadingSay(): ReactNode {
  const { t } = useTranslation();
  return (
    <div className={styles['say']}>
      <div className={styles['reading']}>
        <TapMark />
      </div>
      <p role="status" className={styles['sentence']}>
        {t('cashier.reading')}
      </p>
      <p className={styles['note']}>{t('cashier.readingNote')}</p>
    </div>
  );
}

/** The card leaves it to its holder which application pays; the cashier may press for them. */
function ChoosingSay({
  now,
  onCancel,
}: { readonly now: Extract<Now, { phase: 'choosing' }> } & Pick<DeskProps, 'onCancel'>): ReactNode {
  const { t } = useTranslation();
  return (
    <div className={styles['say']}>
      <p role="status" className={styles['sentence']}>
        {t('cashier.choosing')}
      </p>
      <CardChoices payment={now.payment} choices={now.choices} />
      <Choices>
        <Choice onPress={() => onCancel(now.payment)}>
          {t('cashier.cancel')} <kbd>Esc</kbd>
        </Choice>
      </Choices>
    </div>
  );
}

function GoingOn({
  now,
  onCash,
  onCancel,
  onAccept,
}: { readonly now: Going } & Pick<DeskProps, 'onCash' | 'onCancel' | 'onAccept'>): ReactNode {
  if (now.phase === 'waiting') return <WaitingSay now={now} onCash={onCash} onCancel={onCancel} />;
  if (now.phase === 'showing') return <ShowingSay now={now} onCancel={onCancel} />;
  if (now.phase === 'partial') return <PartialSay now={now} onAccept={onAccept} onCancel={onCancel} />;
  if (now.phase === 'choosing') return <ChoosingSay now={now} onCancel={onCancel} />;
  return now.phase === 'reading' ? <ReadingSay /> : <AskingSay now={now} />;
}

interface DeskProps {
  readonly view: CounterView;
  readonly typed: string;
  readonly working: boolean;
  readonly refused: Refused | undefined;
  readonly hint: string | undefined;
  readonly onKey: (key: PadKey) => void;
  readonly onCharge: () => void;
  readonly onCash: () => void;
  readonly onCancel: (payment: string) => void;
  readonly onAccept: (payment: string) => void;
  /** The sale that is paid in parts, above the pad. */
  readonly split: ReactNode;
  /** What Enter takes when nothing is typed. */
  readonly next: Money | undefined;
}

/** The left side of the till: the amount, then the pad or the sentence that says whose turn it is. */
export function Desk(props: DeskProps): ReactNode {
  const { t } = useTranslation();
  const { view, typed, refused, hint } = props;
  const currency = view.store?.currency ?? 'CNY';
  const now = view.now;
  const going = now.phase === 'idle' || now.phase === 'result' ? undefined : now;
  const shown = going
    ? { symbol: display('', going.amount.currency).symbol, typed: formatAmount(going.amount), rest: '' }
    : display(typed, currency);
  const part = view.sale
    ? t('customer.left', { total: formatMoney(view.sale.total), owed: formatMoney(view.sale.owed) })
    : '';
  const asking = view.stopped === null ? (typed === '' ? 'pad.enter' : 'pad.press') : 'cashier.stopped';
  return (
    <main className={styles['desk']}>
      <h1 className="visually-hidden">{t('owner.till')}</h1>
      <AmountLine {...shown} small={!going && view.sale !== null} />
      <div className={`${styles['saying']} ${!going && view.sale ? styles['close'] : ''}`} aria-live="polite">
        {refused ? <RefusedNote refused={refused} /> : <p>{hint ?? (going ? part : view.sale ? '' : t(asking))}</p>}
      </div>
      {!going && props.split}
      {going ? (
        <GoingOn now={going} onCash={props.onCash} onCancel={props.onCancel} onAccept={props.onAccept} />
      ) : (
        <Pad
          onKey={props.onKey}
          onCharge={props.onCharge}
          working={props.working}
          ready={view.stopped === null && (amountOf(typed, currency) ?? props.next) !== undefined}
        />
      )}
    </main>
  );
}
