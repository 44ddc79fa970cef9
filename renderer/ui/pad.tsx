import { Delete } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { PadKey } from './entry.ts';
import styles from './pad.module.css';

interface PadProps {
  readonly onKey: (key: PadKey) => void;
  readonly onCharge: () => void;
  readonly ready: boolean;
  readonly working: boolean;
}

const rows: readonly PadKey[] = ['7', '8', '9', 'Backspace', '4', '5', '6', 'Clear', '1', '2', '3', '0', '00', '.'];

/** The number pad: digits as people say an amount, and the one large key that charges. */
export function Pad({ onKey, onCharge, ready, working }: PadProps): ReactNode {
  const { t } = useTranslation();
  const face: Partial<Record<PadKey, ReactNode>> = {
    Backspace: <Delete size={28} strokeWidth={1.5} aria-hidden="true" />,
    Clear: t('pad.clear'),
  };
  const name: Partial<Record<PadKey, string>> = { Backspace: t('pad.backspace'), '.': t('pad.point') };
  return (
    // Touching a key must not move the focus: Enter then still charges.
    <fieldset className={styles['pad']} aria-label={t('pad.keys')} onMouseDown={(event) => event.preventDefault()}>
      {rows.map((key) => (
        <button
          key={key}
          type="button"
          className={key === 'Backspace' || key === 'Clear' ? styles['quiet'] : styles['key']}
          aria-label={name[key]}
          title={key === 'Clear' ? 'Esc' : undefined}
          onClick={() => onKey(key)}
        >
          {face[key] ?? key}
        </button>
      ))}
      <button type="button" className={styles['go']} disabled={!ready || working} onClick={onCharge}>
        {working ? t('common.working') : t('pad.charge')}
        <kbd>Enter ⏎</kbd>
      </button>
    </fieldset>
  );
}
