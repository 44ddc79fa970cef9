import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { formatAmount, formatMoney } from '../../contract/money.ts';
import { outcomeOf } from '../../contract/payment.ts';
import type { Reconciliation, ReconciliationLine } from '../../contract/reconciliation.ts';
import form from '../ui/confirm.module.css';
import { Confirm } from '../ui/confirm.tsx';
import page from '../ui/page.module.css';
import { Choice, Choices, Sheet } from '../ui/sheet.tsx';
import styles from './reconcile.module.css';

/** How many lines agree, differ and wait, before anything else. */
export function Counts({ result }: { readonly result: Reconciliation }): ReactNode {
  const { t } = useTranslation();
  const look = { agreed: page['good'], differs: page['bad'], waiting: page['note'] };
  const marks = { agreed: '✓', differs: '✕', waiting: '…' };
  return (
    <dl className={styles['counts']}>
      {(['agreed', 'differs', 'waiting'] as const).map((name) => (
        <div key={name}>
          <dt>{t(`reconciliation.${name}`)}</dt>
          <dd className={result[name].count > 0 ? look[name] : page['note']}>
            {marks[name]} {t('common.payments', { count: result[name].count })}
            <small>{formatMoney(result[name].amount)}</small>
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** What stands here, what the bank says, and every difference between them by its reason. */
export function Explained({ result }: { readonly result: Reconciliation }): ReactNode {
  const { t } = useTranslation();
  const { till, bank, explained, unexplained } = result;
  const row = (name: string, count: number | null, amount: typeof unexplained, look = page['right']) => (
    <tr key={name}>
      <th scope="row">{name}</th>
      <td className={page['right']}>{count}</td>
      <td className={look}>{formatMoney(amount)}</td>
    </tr>
  );
  const clear = unexplained.minor === 0;
  return (
    <section className={page['panel']}>
      <h2>{t('reconciliation.explained')}</h2>
      <table className={`${page['rows']} ${styles['sums']}`}>
        <tbody>
          {row(t('reconciliation.till'), till.count, till.amount)}
          {explained.map(({ reason, count, amount }) => row(t(`reconciliation.reason.${reason}`), count, amount))}
          {row(t('reconciliation.bank'), bank.count, bank.amount)}
          {!clear && row(t('reconciliation.unexplained'), null, unexplained, `${page['right']} ${page['bad']}`)}
        </tbody>
      </table>
      {clear && <p className={page['good']}>✓ {t('reconciliation.allExplained')}</p>}
    </section>
  );
}

/** What the bank paid for each day, and whether it stands in the books. */
export function Deposits({ result }: { readonly result: Reconciliation }): ReactNode {
  const { t } = useTranslation();
  if (result.deposits.length === 0) return null;
  return (
    <section className={page['panel']}>
      <h2>{t('reconciliation.deposits')}</h2>
      <table className={page['rows']}>
        <thead>
          <tr>
            <th scope="col">{t('reconciliation.day')}</th>
            {(['gross', 'fees', 'net', 'paid'] as const).map((name) => (
              <th key={name} scope="col" className={page['right']}>
                {t(`reconciliation.${name}`)}
              </th>
            ))}
            <th scope="col">{t('reconciliation.verdictColumn')}</th>
          </tr>
        </thead>
        <tbody>
          {result.deposits.map((deposit) => (
            <tr key={`${deposit.day}${deposit.gross.currency}`}>
              <td>{deposit.day}</td>
              <td className={page['right']}>{formatAmount(deposit.gross)}</td>
              <td className={page['right']}>{formatAmount(deposit.fees)}</td>
              <td className={page['right']}>{formatAmount(deposit.net)}</td>
              <td className={page['right']}>{deposit.paid ? formatAmount(deposit.paid) : '–'}</td>
              <td className={deposit.verdict === 'agreed' ? page['good'] : page['bad']}>
                {t(`reconciliation.verdict.${deposit.verdict}`)}
                {deposit.reason && ` · ${t(`reconciliation.reason.${deposit.reason}`)}`} ·{' '}
                {deposit.posted
                  ? t('reconciliation.posted')
                  : deposit.open > 0
                    ? t('reconciliation.notPosted', { n: deposit.open })
                    : t('reconciliation.notYet')}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface LinesProps {
  readonly result: Reconciliation;
  readonly onPayment: (payment: string) => void;
  readonly onDone: (line: ReconciliationLine) => void;
  readonly onRefund: (line: ReconciliationLine) => void;
}

/** Every line that differs or waits, why, and what to do about it. */
export function Lines({ result, ...on }: LinesProps): ReactNode {
  const { t } = useTranslation();
  return (
    <section className={page['panel']}>
      <h2>{t('reconciliation.lines')}</h2>
      {result.lines.length === 0 && <p className={page['good']}>✓ {t('reconciliation.allAgreed')}</p>}
      {result.lines.length > 0 && (
        <table className={`${page['rows']} ${styles['wrap']}`}>
          <thead>
            <tr>
              <th scope="col">{t('reconciliation.reasonColumn')}</th>
              <th scope="col">{t('reconciliation.rrn')}</th>
              <th scope="col" className={page['right']}>
                {t('reconciliation.till')}
              </th>
              <th scope="col" className={page['right']}>
                {t('reconciliation.bank')}
              </th>
              <th scope="col">{t('reconciliation.nextColumn')}</th>
            </tr>
          </thead>
          <tbody>
            {result.lines.map((line) => (
              <Line key={line.id} line={line} {...on} />
            ))}
          </tbody>
        </table>
      )}
      {result.more && <p className={page['note']}>{t('reconciliation.more')}</p>}
      {result.others > 0 && <p className={page['note']}>{t('reconciliation.others', { n: result.others })}</p>}
    </section>
  );
}

interface LineProps extends Omit<LinesProps, 'result'> {
  readonly line: ReconciliationLine;
}

/** No payment here stands for it: the bank is told of it by its own reference, or the bank explains it. */
function charged({ reason }: ReconciliationLine): boolean {
  return reason === 'missing-at-till' || reason === 'charged-at-bank';
}

function Line({ line, onPayment, onDone, onRefund }: LineProps): ReactNode {
  const { t } = useTranslation();
  const { payment, reason, verdict, done, kind } = line;
  return (
    <tr>
      <td className={verdict === 'differs' && !done ? page['bad'] : page['note']}>
        {verdict === 'differs' ? '✕' : '…'} {t(`reconciliation.reason.${reason ?? 'open-here'}`)}
        <br />
        <small>
          {t(`reconciliation.kind.${kind}`)} · {line.day}
        </small>
      </td>
      <td className={styles['tight']}>
        {payment === null ? (
          line.rrn
        ) : (
          <button type="button" className={page['open']} onClick={() => onPayment(payment)}>
            {line.rrn}
          </button>
        )}
      </td>
      <td className={`${page['right']} ${styles['tight']}`}>{line.till ? formatAmount(line.till) : '–'}</td>
      <td className={`${page['right']} ${styles['tight']}`}>
        {line.bank ? formatAmount(line.bank) : '–'}
        {reason === 'fee' && line.fee && line.expectedFee && (
          <>
            <br />
            <small>
              {t('reconciliation.fee')} {formatAmount(line.fee)} / {formatAmount(line.expectedFee)}
            </small>
          </>
        )}
      </td>
      <td>
        {done && t('reconciliation.doneBy', { by: t(`person.${done.by}`, { defaultValue: done.by }), how: done.how })}
        {line.refund && <Refunded refund={line.refund} onPayment={onPayment} />}
        {!done && (!line.refund || line.refundable) && <p>{t(`reconciliation.next.${reason ?? 'open-here'}`)}</p>}
        <Choices>
          {line.refundable && line.extra && (
            <Choice main onPress={() => onRefund(line)}>
              {t('reconciliation.refund', { amount: formatMoney(line.extra) })}
            </Choice>
          )}
          {verdict === 'differs' && !done && (line.refundable ? charged(line) : !line.refund) && (
            <Choice onPress={() => onDone(line)}>{t('reconciliation.done')}</Choice>
          )}
        </Choices>
      </td>
    </tr>
  );
}

interface RefundedProps {
  readonly refund: NonNullable<ReconciliationLine['refund']>;
  readonly onPayment: (payment: string) => void;
}

const seen = { waiting: 'refundWaiting', agreed: 'refundAgreed', differs: 'refundDiffers' } as const;

/** The refund of a line: what the bank said of it, and whether its statement has it. */
function Refunded({ refund, onPayment }: RefundedProps): ReactNode {
  const { t } = useTranslation();
  const { payment, receiptNo, state, verdict } = refund;
  const outcome = outcomeOf(state, 'refund');
  return (
    <p>
      <button type="button" className={page['open']} onClick={() => onPayment(payment)}>
        {t('reconciliation.refundAsked', { no: receiptNo, state: t(`outcome.${outcome}`) })}
      </button>
      {outcome === 'refunded' && (
        <small className={verdict === 'agreed' ? page['good'] : page['note']}>
          {' '}
          {verdict === 'agreed' ? '✓' : '…'} {t(`reconciliation.${seen[verdict]}`)}
        </small>
      )}
    </p>
  );
}

/** What customers were charged at the bank and not here: it is to be given back. */
export function Extra({ result }: { readonly result: Reconciliation }): ReactNode {
  const { t } = useTranslation();
  const extras = result.lines.filter(({ extra, done }) => extra !== null && done === null);
  const [first] = extras;
  if (!first?.extra) return null;
  const minor = extras.reduce((sum, { extra }) => sum + (extra?.minor ?? 0), 0);
  return (
    <p role="note" className={page['bad']}>
      {t('reconciliation.extraTitle')} ·{' '}
      {t('reconciliation.extra', { count: extras.length, amount: formatMoney({ ...first.extra, minor }) })}
    </p>
  );
}

interface SettleProps {
  readonly statement: number;
  readonly line: ReconciliationLine;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

/** A named person says how a difference was settled. */
export function DoneSheet({ statement, line, onDone, onClose }: SettleProps): ReactNode {
  const { t } = useTranslation();
  const [how, setHow] = useState('');
  const said = how.trim();
  return (
    <Sheet title={t('reconciliation.doneTitle')} onClose={onClose}>
      <Confirm
        look="main"
        ready={said !== ''}
        word={t('reconciliation.doneSave')}
        ask={(client) => client.reconciliation.done({ statement, line: line.id, how: said })}
        onDone={onDone}
        onBack={onClose}
      >
        <p>
          {t(`reconciliation.reason.${line.reason ?? 'open-here'}`)} · {line.rrn}
        </p>
        <p className={page['note']}>{t(`reconciliation.next.${line.reason ?? 'open-here'}`)}</p>
        <label className={form['text']}>
          {t('reconciliation.doneHow')}
          <input value={how} maxLength={200} onChange={(event) => setHow(event.target.value)} data-focused="" />
        </label>
      </Confirm>
    </Sheet>
  );
}

/** Gives back what a customer was charged too much, once. */
export function RefundSheet({ statement, line, onDone, onClose }: SettleProps): ReactNode {
  const { t } = useTranslation();
  const amount = line.extra === null ? '' : formatMoney(line.extra);
  return (
    <Sheet title={t('reconciliation.refundTitle')} onClose={onClose}>
      <Confirm
        word={t('reconciliation.refundGo', { amount })}
        ask={(client) => client.reconciliation.refund({ statement, line: line.id })}
        onDone={onDone}
        onBack={onClose}
      >
        <p>{t(`reconciliation.${charged(line) ? 'chargeNote' : 'refundNote'}`, { amount, rrn: line.rrn })}</p>
      </Confirm>
    </Sheet>
  );
}
