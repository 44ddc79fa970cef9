import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
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
      <main className={styles['signin']}>
        <section role="alert">
          <h1>{t('cashier.stopped')}</h1>
          <p>{t([`refusal.${reason}`, 'refusal.sales-stopped'])}</p>
        </section>
      </main>
    </div>
  );
}
