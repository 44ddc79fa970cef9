import { Delete } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import styles from './pin.module.css';

const places = [1, 2, 3, 4, 5, 6];
export const PIN_LENGTH = places.length;

interface PinProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (pin: string) => void;
  readonly disabled?: boolean;
  readonly focused?: boolean;
  /** The pad below the field, for fingers. */
  readonly pad?: boolean;
}

const keys = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '', '0', '⌫'] as const;

/** Six hidden digits, typed or touched. The field keeps its keys from everybody else, the scanner above all. */
export function Pin({ label, value, onChange, disabled = false, focused = false, pad = false }: PinProps): ReactNode {
  const { t } = useTranslation();
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (focused && !disabled) field.current?.focus();
  }, [focused, disabled]);
  const change = (text: string) => onChange(text.replace(/\D/g, '').slice(0, PIN_LENGTH));
  return (
    <div className={styles['pin']}>
      <label htmlFor={id}>{label}</label>
      <div className={styles['field']}>
        <input
          ref={field}
          id={id}
          type="password"
          data-focused={focused ? '' : undefined}
          inputMode="numeric"
          autoComplete="off"
          maxLength={PIN_LENGTH}
          value={value}
          disabled={disabled}
          aria-describedby={`${id}-count`}
          onChange={(event) => change(event.target.value)}
        />
        <span className={styles['dots']} aria-hidden="true">
          {places.map((place) => (
            <i key={place} className={place <= value.length ? styles['full'] : ''} />
          ))}
        </span>
      </div>
      <span id={`${id}-count`} className="visually-hidden">
        {t('signin.entered', { n: value.length })}
      </span>
      {pad && (
        <div className={styles['pad']}>
          {keys.map((key) =>
            key === '' ? (
              <span key="gap" />
            ) : (
              <button
                key={key}
                type="button"
                disabled={disabled}
                aria-label={key === '⌫' ? t('pad.backspace') : undefined}
                onMouseDown={(event) => event.preventDefault()}
                onClick={() => change(key === '⌫' ? value.slice(0, -1) : value + key)}
              >
                {key === '⌫' ? <Delete size={24} strokeWidth={1.5} aria-hidden="true" /> : key}
              </button>
            ),
          )}
        </div>
      )}
    </div>
  );
}
