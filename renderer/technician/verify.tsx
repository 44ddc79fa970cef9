import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { TerminalClient } from '../core.ts';
import { useAsk } from '../ui/ask.ts';
import { RefusedNote } from '../ui/frame.tsx';
import page from '../ui/page.module.css';
import { Sheet } from '../ui/sheet.tsx';
import styles from './device.module.css';

const askVerify = (client: TerminalClient) => client.devices.verify({});

/** Recomputes the whole record and says whether it fits. */
export function VerifySheet({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  const { value, refused, pending } = useAsk(askVerify, 'once');
  const broken = value?.firstBreak;
  return (
    <Sheet title={t('verify.title')} onClose={onClose}>
      {pending && <p role="status">{t('test.running')}</p>}
      <RefusedNote refused={refused} />
      {value && (
        <>
          <p className={value.ok ? styles['passed'] : styles['failed']} role="status">
            <span aria-hidden="true">{value.ok ? '✓' : '✕'}</span>{' '}
            {broken
              ? t('verify.broken', { where: t(`verify.${broken.where}`), seq: broken.seq, what: broken.what })
              : t(value.ok ? 'verify.ok' : 'test.verify-broken')}
          </p>
          <p>
            {t('verify.figures', {
              entries: value.entries,
              payments: value.payments,
              transfers: value.transfers,
              ms: Math.round(value.ms),
            })}
          </p>
          <p className={page['mono']}>
            {t('verify.head')} {value.headHash}
          </p>
        </>
      )}
    </Sheet>
  );
}
