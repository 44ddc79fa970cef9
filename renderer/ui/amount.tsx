import { Delete } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { type Currency, currencySymbol, type Money, minorDigits } from '../../contract/money.ts';
import styles from './amount.module.css';
import { isPadKey, type PadKey, typeKey } from './entry.ts';

/** The amount as it would have been typed: what a field is filled with before somebody changes it. */
export function typedOf({ minor, currency }: Money): string {
  const places = minorDigits(currency);
  if (places === 0) return String(minor);
  const digits = String(minor).padStart(places + 1, '0');
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

interface AmountProps {
  readonly label: string;
  readonly currency: Currency;
  readonly value: string;
  readonly onChange: (typed: string) => void;
}

const keys: readonly PadKey[] = ['7', '8', '9', '4', '5', '6', '1', '2', '3', '.', '0', 'Backspace'];

/** An amount to be typed or touched. It stands selected at first: the first digit replaces it. */
export function Amount({ label, currency, value, onChange }: AmountProps): ReactNode {
  const { t } = useTranslation();
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    field.current?.focus({ preventScroll: true });
    field.current?.select();
  }, []);
  const typed = (text: string): string =>
    [...text].filter(isPadKey).reduce((sum, key) => typeKey(sum, key, currency), '');
  const touch = (key: PadKey): void => {
    const element = field.current;
    const whole = element !== null && element.selectionStart === 0 && element.selectionEnd === value.length;
    onChange(typeKey(whole && value !== '' ? '' : value, key, currency));
    element?.setSelectionRange(element.value.length, element.value.length);
  };
  return (
    <div className={styles['amount']}>
      <label htmlFor={id}>{label}</label>
      <div className={styles['field']}>
        <span aria-hidden="true">{currencySymbol(currency)}</span>
        <input
          ref={field}
          id={id}
          data-focused=""
          inputMode="decimal"
          autoComplete="off"
          value={value}
          onChange={(event) => onChange(typed(event.target.value))}
        />
      </div>
      <div className={styles['pad']}>
        {keys.map((key) => (
          <button
            key={key}
            type="button"
            aria-label={key === 'Backspace' ? t('pad.backspace') : key === '.' ? t('pad.point') : undefined}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => touch(key)}
          >
            {key === 'Backspace' ? <Delete size={22} strokeWidth={1.5} aria-hidden="true" /> : key}
          </button>
        ))}
      </div>
    </div>
  );
}
