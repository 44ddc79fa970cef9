import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { CounterView, Now } from '../../contract/counter.ts';
import { formatMoney } from '../../contract/money.ts';
import { outcomeOf, type PaymentView } from '../../contract/payment.ts';
import type { Refused } from '../core.ts';
import { RefusedNote, useNow } from '../ui/frame.tsx';
import outcomes from '../ui/outcome.module.css';
import { Choice, Choices } from '../ui/sheet.tsx';
import { Sign } from '../ui/sign.tsx';
import { type ResultAction, tell } from '../ui/telling.ts';
import { MoneyText, paidBy } from '../ui/write.tsx';
import styles from './result.module.css';

/** What the terminal does next by itself, counted down. */
function NextStep({ next }: { readonly next: NonNullable<PaymentView['next']> }): ReactNode {
  const { t } = useTranslation();
  const now = useNow(500);
  const left = Math.ceil((next.at - now) / 1000);
  return (
    <>
      {t(`next.${next.what}`)} · {t('result.attempt', { n: next.attempt })}
      {left > 0 && ` · ${t('result.in', { n: left })}`}
    </>
  );
}

interface ResultProps {
  readonly result: Extract<Now, { phase: 'result' }>;
  readonly offline: CounterView['offline'];
  readonly refused: Refused | undefined;
  readonly onDismiss: () => void;
  readonly onAgain: () => void;
  readonly onAsk: () => void;
}

function Meta({
  result,
  offline,
  code,
}: Pick<ResultProps, 'result' | 'offline'> & { readonly code: string | null }): ReactNode {
  const { t } = useTranslation();
  const { payment } = result;
  const outcome = outcomeOf(payment.state, payment.kind);
  if (payment.next && ['cancelling', 'voiding', 'unknown', 'refunding'].includes(outcome)) {
    return (
      <p className={styles['meta']}>
        {paidBy(payment, t)} · <NextStep next={payment.next} />
      </p>
    );
  }
  const good = ['approved', 'offline', 'voided', 'refunded', 'authorized'].includes(outcome);
  const words = [
    good && payment.print !== 'none' ? t(`print.${payment.print}`) : null,
    outcome === 'approved' && payment.authCode !== null ? t('result.auth', { code: payment.authCode }) : null,
    outcome === 'offline' && offline
      ? t('result.offline.count', { n: offline.count, sum: formatMoney(offline.sum) })
      : null,
    code,
    outcome === 'approved' ? t('result.typeNext') : null,
  ].filter((word) => word !== null);
  return <p className={styles['meta']}>{words.join(' · ')}</p>;
}

/** A result over the whole till: sign, word, amount, what to do. Known from two metres. */
export function Result({ result, offline, refused, onDismiss, onAgain, onAsk }: ResultProps): ReactNode {
  const { t, i18n } = useTranslation();
  const { payment } = result;
  const outcome = outcomeOf(payment.state, payment.kind);
  const told = tell(payment, outcome, t);
  const act: Record<ResultAction, () => void> = {
    another: onAgain,
    again: onAgain,
    ask: onAsk,
    serve: onDismiss,
    continue: onDismiss,
  };
  const word = (action: ResultAction) =>
    t(
      action === 'serve' && (outcome === 'declined' || outcome === 'cancelled')
        ? 'result.action.giveUp'
        : `result.action.${action}`,
    );
  return (
    <main
      className={`${outcomes['outcome']} ${outcomes[outcome]} ${styles['result']} ${styles[outcome] ?? ''}`}
      aria-live="assertive"
    >
      <div className={`${outcomes['word']} ${styles['sign']}`}>
        <Sign outcome={outcome} />
      </div>
      <div className={styles['words']}>
        <h1 className={outcomes['word']}>{told.title}</h1>
        <p className={styles['sum']}>
          <MoneyText amount={payment.amount} />
        </p>
        {(outcome === 'approved' || outcome === 'offline' || outcome === 'authorized') && <p>{paidBy(payment, t)}</p>}
        {told.sentences.length > 0 && (
          <p className={styles['told']}>{told.sentences.join(i18n.language === 'en' ? ' ' : '')}</p>
        )}
        <Meta result={result} offline={offline} code={told.code} />
        <RefusedNote refused={refused} />
        {told.actions.length > 0 && (
          <Choices>
            {told.actions.map((action, index) => (
              <Choice key={action} focused={index === 0} onPress={act[action]}>
                {word(action)}
              </Choice>
            ))}
          </Choices>
        )}
      </div>
    </main>
  );
}
