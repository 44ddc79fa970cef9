import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CloseStep } from '../../contract/day.ts';
import { RefusedNote, useAct } from '../ui/frame.tsx';
import { Choice, Choices, Sheet } from '../ui/sheet.tsx';
import styles from './close.module.css';
import { ReportFigures } from './settlement.tsx';

const steps = ['deliver', 'count', 'ask-bank', 'print'] as const;

function Steps({ now }: { readonly now: CloseStep }): ReactNode {
  const { t } = useTranslation();
  const at = now.step === 'done' ? steps.length : steps.indexOf(now.step);
  return (
    <ol className={styles['steps']} aria-live="polite">
      {steps.map((step, index) => (
        <li key={step} className={index < at ? styles['past'] : index === at ? styles['now'] : styles['next']}>
          <span aria-hidden="true">{index < at ? '✓' : index === at ? '●' : '○'}</span>
          {t(`close.${step}`)}
          {now.step === 'deliver' && index === at && now.left > 0 && ` · ${t('close.deliverLeft', { n: now.left })}`}
        </li>
      ))}
    </ol>
  );
}

/** The close of the day: what it does, each step as it goes, the bank's answer. */
export function CloseSheet({
  zone,
  onClose,
}: {
  readonly zone: string | undefined;
  readonly onClose: () => void;
}): ReactNode {
  const { t } = useTranslation();
  const { run, pending, refused } = useAct();
  // The same key goes on with the same close after a cut.
  const [key] = useState(() => crypto.randomUUID());
  const [step, setStep] = useState<CloseStep>();
  const close = () =>
    run(async (client) => {
      for await (const one of await client.day.close({ key })) setStep(one);
    });
  const done = step?.step === 'done' ? step.report : undefined;
  const unprinted = step?.step === 'done' && step.printed === false;
  return (
    <Sheet title={t('close.title')} onClose={onClose} wide={done !== undefined}>
      {step === undefined && <p>{t('close.before')}</p>}
      {step !== undefined && !done && <Steps now={step} />}
      {done && (
        <>
          <p className={done.agreed ? styles['agreed'] : styles['differs']} role="status">
            <span aria-hidden="true">{done.agreed ? '✓' : '✕'}</span>{' '}
            {t(done.agreed ? 'close.agreed' : 'close.differs')}
          </p>
          {unprinted && (
            <p className={styles['unprinted']} role="alert">
              <span aria-hidden="true">▲</span> {t(done.number === null ? 'close.notPrinted' : 'close.zNotPrinted')}
            </p>
          )}
          <ReportFigures report={done} zone={zone} />
        </>
      )}
      {!pending && step !== undefined && !done && <p role="alert">{t('close.interrupted')}</p>}
      <RefusedNote refused={refused} />
      <Choices>
        {done ? (
          <Choice main focused onPress={onClose}>
            {t('common.done')}
          </Choice>
        ) : (
          <Choice main focused disabled={pending} onPress={() => void close()}>
            {pending ? t('common.working') : t(step === undefined ? 'close.go' : 'close.resume')}
          </Choice>
        )}
      </Choices>
    </Sheet>
  );
}
