import { type FormEvent, type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CounterView } from '../../contract/counter.ts';
import type { TerminalClient } from '../core.ts';
import styles from './confirm.module.css';
import { RefusedNote, useAct } from './frame.tsx';
import { PIN_LENGTH, Pin } from './pin.tsx';
import { Choice, Choices } from './sheet.tsx';

/** The owner approves what somebody else asks for: whether a PIN is asked here. */
export function needsOwner(view: CounterView): boolean {
  return view.session?.role !== 'owner';
}

/** The PIN as calls take it; nothing where none was asked. */
export function ownerPin(pin: string): { readonly ownerPin?: string } {
  return pin === '' ? {} : { ownerPin: pin };
}

/** The key of one request: the same however often a form is sent. */
export function useKey(): string {
  const [key] = useState(() => crypto.randomUUID());
  return key;
}

interface ConfirmProps<T> {
  /** What the PIN's field says; none is asked without it. */
  readonly pin?: string | undefined;
  /** The PIN has the focus at first: nothing else is to be filled in. */
  readonly pinFirst?: boolean;
  /** Everything else that must be filled in is. */
  readonly ready?: boolean;
  /** What stands on the button. */
  readonly word: string;
  /** `danger` for what cannot be taken back. */
  readonly look?: 'main' | 'danger';
  /** Asks the core; `pin` is empty where none is asked. */
  readonly ask: (client: TerminalClient, pin: string) => Promise<T>;
  readonly onDone: (done: T) => void;
  readonly onBack?: () => void;
  /** What is asked; the PIN stands beside it. */
  readonly children?: ReactNode;
}

/** Asks once more before something is done, with the owner's PIN where that is needed; a wrong PIN is typed anew. */
export function Confirm<T>({ word, ask, onDone, onBack, children, ...props }: ConfirmProps<T>): ReactNode {
  const { pin: label, pinFirst = false, ready = true, look = 'danger' } = props;
  const { t } = useTranslation();
  const act = useAct();
  const [pin, setPin] = useState('');
  const whole = ready && (label === undefined || pin.length === PIN_LENGTH);
  const send = async (event: FormEvent) => {
    event.preventDefault();
    if (!whole || act.pending) return;
    const done = await act.run((client) => ask(client, pin));
    if (done === undefined) setPin('');
    else onDone(done);
  };
  return (
    <form className={styles['form']} onSubmit={(event) => void send(event)}>
      <div className={styles['columns']}>
        <div className={styles['what']}>{children}</div>
        {label !== undefined && <Pin label={label} value={pin} onChange={setPin} focused={pinFirst} pad />}
      </div>
      <RefusedNote refused={act.refused} />
      <Choices>
        <Choice submit main={look === 'main'} danger={look === 'danger'} disabled={!whole || act.pending}>
          {act.pending ? t('common.working') : word}
        </Choice>
        {onBack && <Choice onPress={onBack}>{t('common.back')}</Choice>}
      </Choices>
    </form>
  );
}

interface OptionsProps<T extends string> {
  readonly label: string;
  readonly options: readonly T[];
  readonly chosen: T;
  readonly word: (option: T) => string;
  readonly onChoose: (option: T) => void;
}

/** One of a few, all of them in sight. */
export function Options<T extends string>({ label, options, chosen, word, onChoose }: OptionsProps<T>): ReactNode {
  return (
    <fieldset className={styles['options']}>
      <legend>{label}</legend>
      {options.map((option) => (
        <button key={option} type="button" aria-pressed={option === chosen} onClick={() => onChoose(option)}>
          {word(option)}
        </button>
      ))}
    </fieldset>
  );
}
