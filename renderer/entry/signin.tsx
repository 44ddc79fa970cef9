import { type ReactNode, useCallback, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CounterView } from '../../contract/counter.ts';
import { Person } from '../../contract/role.ts';
import { Switches } from '../ui/bar.tsx';
import { RefusedNote, useAct } from '../ui/frame.tsx';
import { PIN_LENGTH, Pin } from '../ui/pin.tsx';
import styles from './entry.module.css';

interface SignInProps {
  readonly view: CounterView;
  readonly onLanguage: () => void;
}

/** Who is here, and six digits. */
export function SignIn({ view, onLanguage }: SignInProps): ReactNode {
  const { t } = useTranslation();
  const [person, setPerson] = useState<Person>('cashier');
  const [pin, setPin] = useState('');
  const { run, pending, refused, clear } = useAct();
  const signIn = useCallback(
    async (who: Person, digits: string) => {
      if (!(await run((client) => client.session.signIn({ person: who, pin: digits })))) setPin('');
    },
    [run],
  );
  useEffect(() => {
    if (pin.length === PIN_LENGTH) void signIn(person, pin);
  }, [pin, person, signIn]);
  const choose = (who: Person) => {
    setPerson(who);
    setPin('');
    clear();
  };
  return (
    <div className={styles['entry']}>
      <header className={styles['top']}>
        <b>{view.store?.name}</b>
        <span>{t('bar.till', { n: view.store?.terminal })}</span>
        {view.store?.virtual && <span>{t('app.virtualNote')}</span>}
        <i />
        <Switches onLanguage={onLanguage} />
      </header>
      <main className={styles['signin']}>
        <section>
          <h1>{t('signin.who')}</h1>
          <div className={styles['people']}>
            {Person.options.map((who) => (
              <button key={who} type="button" aria-pressed={who === person} onClick={() => choose(who)}>
                {t(`person.${who}`)}
              </button>
            ))}
          </div>
        </section>
        <section className={styles['pin']}>
          <Pin
            label={t('signin.pin', { person: t(`person.${person}`) })}
            value={pin}
            onChange={(digits) => {
              clear();
              setPin(digits);
            }}
            disabled={pending}
            focused
            pad
          />
          <div className={styles['answer']}>
            {pending ? <p>{t('common.working')}</p> : <RefusedNote refused={refused} />}
          </div>
        </section>
      </main>
    </div>
  );
}
