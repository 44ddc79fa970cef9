import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { StoppedSteps, StoppedWhy } from '../ui/alarm.tsx';
import { Switches } from '../ui/bar.tsx';
import styles from './entry.module.css';

interface StoppedProps {
  /** Why, as the core says it: words under `refusal.<code>`. */
  readonly reason: string;
  readonly onLanguage: () => void;
}

/** The terminal could not be opened at all: what is wrong, and what to do. */
export function Stopped({ reason, onLanguage }: StoppedProps): ReactNode {
  const { t } = useTranslation();
  return (
    <div className={styles['entry']}>
      <header className={styles['top']}>
        <b>{t('app.name')}</b>
        <i />
        <Switches onLanguage={onLanguage} />
      </header>
      <main className={styles['setup']}>
        <section role="alert" className={styles['stopped']}>
          <h1>{t('cashier.stopped')}</h1>
          <StoppedWhy reason={reason} />
          <h2>{t('alarm.steps')}</h2>
          <StoppedSteps reason={reason} />
        </section>
      </main>
    </div>
  );
}
