import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { CardChoice } from '../../contract/counter.ts';
import styles from './choices.module.css';
import { RefusedNote, useAct } from './frame.tsx';

interface CardChoicesProps {
  readonly payment: string;
  readonly choices: readonly CardChoice[];
  /** For a hand at the customer's display. */
  readonly large?: boolean;
}

/** A button for each application of a card between which its holder has to choose, and one for none of them. */
export function CardChoices({ payment, choices, large = false }: CardChoicesProps): ReactNode {
  const { t } = useTranslation();
  const { run, pending, refused } = useAct();
  const choose = (aid: string | null) => void run((client) => client.counter.choose({ payment, aid }));
  return (
    <div className={`${styles['choices']} ${large ? styles['large'] : ''}`}>
      {choices.map(({ aid, label }) => (
        <button key={aid} type="button" disabled={pending} onClick={() => choose(aid)}>
          {label}
        </button>
      ))}
      <button type="button" className={styles['none']} disabled={pending} onClick={() => choose(null)}>
        {t('cashier.chooseNone')}
      </button>
      <RefusedNote refused={refused} />
    </div>
  );
}
