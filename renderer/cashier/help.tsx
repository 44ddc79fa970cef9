import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Sheet } from '../ui/sheet.tsx';
import styles from './help.module.css';

const keys = [
  ['0–9 .', 'digits'],
  ['Enter', 'enter'],
  ['Backspace', 'backspace'],
  ['Esc', 'escape'],
  ['F2', 'cash'],
  ['F4', 'void'],
  ['F6', 'split'],
  ['F7', 'show'],
  ['F9', 'hold'],
  ['F8', 'language'],
  ['F10', 'lock'],
  ['F1 ?', 'help'],
] as const;

/** Every key of the till. */
export function KeysSheet({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  return (
    <Sheet title={t('keys.title')} onClose={onClose}>
      <dl className={styles['keys']}>
        {keys.map(([key, word]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(`keys.${word}`)}</dd>
          </div>
        ))}
      </dl>
      <p className={styles['scan']}>{t('keys.scan')}</p>
    </Sheet>
  );
}
