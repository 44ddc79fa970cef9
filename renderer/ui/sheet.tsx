import { type ReactNode, useEffect, useId, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useClient } from './frame.tsx';
import styles from './sheet.module.css';

interface SheetProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly wide?: boolean;
  readonly children: ReactNode;
}

/** A sheet on top of the page. The browser keeps the focus in it, gives it back, and Escape closes it. */
export function Sheet({ title, onClose, wide = false, children }: SheetProps): ReactNode {
  const { t } = useTranslation();
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const live = useClient() !== undefined;
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    // Opening gives the focus to the first button; the likeliest one asked for it while the sheet was still closed.
    element?.querySelector<HTMLElement>('[data-focused]')?.focus({ preventScroll: true });
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className={`${styles['sheet']} ${wide ? styles['wide'] : ''}`}
      aria-labelledby={id}
      inert={!live}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <header className={styles['head']}>
        <h2 id={id}>{title}</h2>
        <button type="button" onClick={onClose} className={styles['close']}>
          {t('common.close')} <kbd>Esc</kbd>
        </button>
      </header>
      <div className={styles['body']}>{children}</div>
    </dialog>
  );
}

/** The buttons at the foot of a sheet or panel; the likeliest one carries `main`. */
export function Choices({ children }: { readonly children: ReactNode }): ReactNode {
  return <div className={styles['choices']}>{children}</div>;
}

interface ChoiceProps {
  readonly main?: boolean;
  readonly danger?: boolean;
  readonly focused?: boolean;
  readonly disabled?: boolean;
  /** Sends the form it stands in; otherwise `onPress` says what it does. */
  readonly submit?: boolean;
  readonly onPress?: () => void;
  readonly children: ReactNode;
}

/** A button with a word on it. `focused` puts the focus there when it appears. */
export function Choice({ main, danger, focused, disabled, submit, onPress, children }: ChoiceProps): ReactNode {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (focused) button.current?.focus({ preventScroll: true });
  }, [focused]);
  const look = [styles['choice'], main && styles['main'], danger && styles['danger']].filter(Boolean).join(' ');
  return (
    <button
      ref={button}
      type={submit ? 'submit' : 'button'}
      className={look}
      disabled={disabled}
      data-focused={focused === true ? '' : undefined}
      onClick={onPress}
    >
      {children}
    </button>
  );
}
