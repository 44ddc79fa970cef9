import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import styles from './alarm.module.css';
import { Confirm } from './confirm.tsx';
import { Choice, Sheet } from './sheet.tsx';

interface StoppedProps {
  /** Why, as the core says it: words under `refusal.<code>`, steps under `stopped.<code>`. */
  readonly reason: string;
}

/** Why nothing is sold, in a sentence. */
export function StoppedWhy({ reason }: StoppedProps): ReactNode {
  const { t } = useTranslation();
  return <p>{t([`refusal.${reason}`, 'refusal.sales-stopped'])}</p>;
}

/** What to do now, one step after the other, until sales go on. */
export function StoppedSteps({ reason }: StoppedProps): ReactNode {
  const { t } = useTranslation();
  const steps = t([`stopped.${reason}`, 'stopped.sales-stopped']).split('\n');
  return (
    <ol className={styles['steps']}>
      {steps.map((step) => (
        <li key={step}>{step}</li>
      ))}
    </ol>
  );
}

/** Sales are stopped: why, what to do, and, where the owner's word is enough to go on, the form for it. */
export function Alarm({ reason }: StoppedProps): ReactNode {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  return (
    <div role="alert" className={styles['alarm']}>
      <b>{t('cashier.stopped')}</b>
      <StoppedWhy reason={reason} />
      <Choice onPress={() => setOpened(true)}>{t('alarm.open')}</Choice>
      {opened && (
        <Sheet title={t('cashier.stopped')} onClose={() => setOpened(false)}>
          {reason === 'record-rolled-back' ? (
            <Confirm
              pin={t('alarm.pin')}
              word={t('alarm.go')}
              look="main"
              ask={(client, pin) => client.record.acknowledge({ ownerPin: pin })}
              onDone={() => setOpened(false)}
            >
              <StoppedWhy reason={reason} />
              <StoppedSteps reason={reason} />
            </Confirm>
          ) : (
            <>
              <StoppedWhy reason={reason} />
              <StoppedSteps reason={reason} />
            </>
          )}
        </Sheet>
      )}
    </div>
  );
}
