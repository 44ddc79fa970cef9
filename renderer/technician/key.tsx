import { type FormEvent, type ReactNode, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { KeyTaken, KeyView } from '../../contract/key.ts';
import type { Person } from '../../contract/role.ts';
import type { TerminalClient } from '../core.ts';
import { useAsk } from '../ui/ask.ts';
import { Options } from '../ui/confirm.tsx';
import { RefusedNote, useAct } from '../ui/frame.tsx';
import { PIN_LENGTH, Pin } from '../ui/pin.tsx';
import { Choice, Choices, Sheet } from '../ui/sheet.tsx';
import { fullTime } from '../ui/write.tsx';
import styles from './key.module.css';

const askKey = (client: TerminalClient) => client.keys.state({});

/** Who may hold a component. */
const holders: readonly Person[] = ['technician', 'owner'];

const DIGITS = 32;

function State({ view, zone }: { readonly view: KeyView; readonly zone: string | undefined }): ReactNode {
  const { t } = useTranslation();
  return (
    <dl className={styles['state']}>
      <dt>{t('key.place')}</dt>
      <dd>{t(`key.places.${view.place}`)}</dd>
      <dt>{t('key.check')}</dt>
      <dd className={styles['check']}>{view.check ?? '—'}</dd>
      <dt>{t('key.algorithm')}</dt>
      <dd>{view.algorithm}</dd>
      <dt>{t('key.sealer')}</dt>
      <dd>{t(`key.sealers.${view.sealer}`)}</dd>
      <dt>{t('key.session')}</dt>
      <dd>{view.session ? fullTime(view.session.since, zone) : t('key.noSession')}</dd>
    </dl>
  );
}

interface ComponentProps {
  readonly view: KeyView;
  /** That the first component is here was just said. */
  readonly told: boolean;
  readonly onTaken: (taken: KeyTaken) => void;
}

/** One component by one person. What is typed is never shown and is gone from the page once it was sent. */
function Component({ view, told, onTaken }: ComponentProps): ReactNode {
  const { t } = useTranslation();
  const act = useAct();
  const [pin, setPin] = useState('');
  const [length, setLength] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const left = holders.filter((person) => person !== view.first?.by);
  const [chosen, setChosen] = useState<Person>();
  const person = chosen !== undefined && left.includes(chosen) ? chosen : (left[0] ?? 'owner');
  const ready = pin.length === PIN_LENGTH && length === DIGITS && !act.pending;
  const send = async (event: FormEvent) => {
    event.preventDefault();
    const input = field.current;
    if (!ready || !input) return;
    const component = digitsOf(input.value);
    input.value = '';
    setLength(0);
    setPin('');
    const taken = await act.run((client) => client.keys.component({ person, pin, component }));
    if (taken) onTaken(taken);
  };
  return (
    <form className={styles['form']} onSubmit={(event) => void send(event)} autoComplete="off">
      <p>{t(view.first ? 'key.second' : 'key.first')}</p>
      {view.first && !told && (
        <p className={styles['note']}>
          {t('key.waiting', { person: t(`person.${view.first.by}`), check: view.first.check })}
        </p>
      )}
      <Options
        label={t('key.holder')}
        options={left}
        chosen={person}
        word={(one) => t(`person.${one}`)}
        onChoose={setChosen}
      />
      <label className={styles['component']}>
        {t('key.component')}
        <input
          ref={field}
          type="password"
          autoComplete="off"
          spellCheck={false}
          maxLength={DIGITS + 16}
          onChange={(event) => setLength(digitsOf(event.target.value).length)}
        />
        <small>{t('key.entered', { n: length, of: DIGITS })}</small>
      </label>
      <Pin label={t('key.pin', { person: t(`person.${person}`) })} value={pin} onChange={setPin} />
      <RefusedNote refused={act.refused} />
      <Choices>
        <Choice submit main disabled={!ready}>
          {act.pending ? t('common.working') : t('key.take')}
        </Choice>
      </Choices>
    </form>
  );
}

/** The hex digits of what was typed; whatever else stands in it makes it too short or too long. */
function digitsOf(text: string): string {
  const digits = text.replace(/[\s-]/g, '');
  return /^[\dA-Fa-f]*$/.test(digits) ? digits : '';
}

interface KeySheetProps {
  readonly zone: string | undefined;
  /** State of the line: a session begins and ends with it. */
  readonly line: string;
  readonly onClose: () => void;
}

/** The terminal master key: its state, and loading it by two people. */
export function KeySheet({ zone, line, onClose }: KeySheetProps): ReactNode {
  const { t } = useTranslation();
  const [taken, setTaken] = useState<KeyTaken>();
  // A new key signs on anew: what is said of the session changes with the line.
  const { value: view, refused, again } = useAsk(askKey, line);
  const cancel = useAct();
  const onTaken = (next: KeyTaken) => {
    setTaken(next);
    again();
  };
  const onCancel = async () => {
    await cancel.run((client) => client.keys.cancel({}));
    setTaken(undefined);
    again();
  };
  const loadable = view && view.place !== 'profile' && view.sealer !== 'none';
  return (
    <Sheet title={t('key.title')} onClose={onClose} wide>
      <RefusedNote refused={refused} />
      {!view && <p role="status">{t('common.loading')}</p>}
      {view && <State view={view} zone={zone} />}
      {view?.place === 'profile' && <p className={styles['note']}>{t('key.inProfile')}</p>}
      {view && view.place !== 'profile' && view.sealer === 'none' && (
        <p role="alert" className={styles['note']}>
          {t('key.unprotected')}
        </p>
      )}
      {taken && (taken.loaded !== null || view?.first) && (
        <p role="status" className={styles['taken']}>
          {taken.loaded === null
            ? t('key.taken', { check: taken.check })
            : t('key.loaded', { check: taken.check, loaded: taken.loaded })}
        </p>
      )}
      {loadable && taken?.loaded == null && (
        <Component key={view.first?.by ?? 'first'} view={view} told={taken !== undefined} onTaken={onTaken} />
      )}
      {view?.first && <Choice onPress={() => void onCancel()}>{t('key.cancel')}</Choice>}
    </Sheet>
  );
}
