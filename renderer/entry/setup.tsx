import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Language } from '../../contract/counter.ts';
import { Person } from '../../contract/role.ts';
import { Switches } from '../ui/bar.tsx';
import { RefusedNote, useAct } from '../ui/frame.tsx';
import { PIN_LENGTH, Pin } from '../ui/pin.tsx';
import { Choice, Choices } from '../ui/sheet.tsx';
import styles from './entry.module.css';

type Pins = Record<Person, string>;

interface Store {
  readonly storeName: string;
  readonly terminal: string;
  readonly dayCut: string;
}

const hours = Array.from({ length: 12 }, (_, hour) => `${String(hour).padStart(2, '0')}:00`);

interface StoreStepProps {
  readonly store: Store;
  readonly onChange: (store: Store) => void;
  readonly onNext: () => void;
}

function StoreStep({ store, onChange, onNext }: StoreStepProps): ReactNode {
  const { t } = useTranslation();
  const [tried, setTried] = useState(false);
  const nameField = useRef<HTMLInputElement>(null);
  useEffect(() => nameField.current?.focus(), []);
  const nameBad = store.storeName.trim() === '';
  const terminalBad = !/^\d\d$/.test(store.terminal);
  return (
    <form
      className={styles['form']}
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (!nameBad && !terminalBad) onNext();
      }}
    >
      <h1>{t('setup.store')}</h1>
      <label>
        {t('setup.storeName')}
        <input
          ref={nameField}
          value={store.storeName}
          maxLength={40}
          aria-invalid={tried && nameBad}
          onChange={(event) => onChange({ ...store, storeName: event.target.value })}
        />
        <small>{tried && nameBad ? <em>{t('setup.nameMissing')}</em> : t('setup.storeHint')}</small>
      </label>
      <div className={styles['pair']}>
        <label>
          {t('setup.terminal')}
          <input
            value={store.terminal}
            inputMode="numeric"
            maxLength={2}
            aria-invalid={tried && terminalBad}
            onChange={(event) => onChange({ ...store, terminal: event.target.value })}
          />
          <small>{tried && terminalBad ? <em>{t('setup.terminalBad')}</em> : t('setup.terminalHint')}</small>
        </label>
        <label>
          {t('setup.dayCut')}
          <select value={store.dayCut} onChange={(event) => onChange({ ...store, dayCut: event.target.value })}>
            {hours.map((hour) => (
              <option key={hour}>{hour}</option>
            ))}
          </select>
          <small>{t('setup.dayCutHint')}</small>
        </label>
      </div>
      <button type="submit" className={styles['go']}>
        {t('common.next')}
      </button>
    </form>
  );
}

/** Why these PINs will not do; undefined when they will. */
function pinProblem(pins: Pins): 'setup.pinShort' | 'setup.pinSame' | undefined {
  const all = Object.values(pins);
  if (all.some((pin) => pin.length < PIN_LENGTH)) return 'setup.pinShort';
  return new Set(all).size < all.length ? 'setup.pinSame' : undefined;
}

interface PinStepProps {
  readonly onBack: () => void;
  readonly onFinish: (pins: Pins) => void;
  readonly pending: boolean;
  readonly children: ReactNode;
}

function PinStep({ onBack, onFinish, pending, children }: PinStepProps): ReactNode {
  const { t } = useTranslation();
  const [pins, setPins] = useState<Pins>({ cashier: '', owner: '', technician: '' });
  const [again, setAgain] = useState<Pins>({ cashier: '', owner: '', technician: '' });
  const [tried, setTried] = useState(false);
  const differs = Person.options.some((person) => pins[person] !== again[person]);
  const problem = pinProblem(pins) ?? (differs ? 'setup.pinDiffers' : undefined);
  return (
    <form
      className={styles['form']}
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (problem === undefined && !pending) onFinish(pins);
      }}
    >
      <h1>{t('setup.pins')}</h1>
      <p>{t('setup.pinsHint')}</p>
      {Person.options.map((person, index) => (
        <div key={person} className={styles['pair']}>
          <Pin
            label={t(`person.${person}`)}
            value={pins[person]}
            onChange={(pin) => setPins({ ...pins, [person]: pin })}
            focused={index === 0}
          />
          <Pin
            label={`${t(`person.${person}`)} · ${t('setup.again')}`}
            value={again[person]}
            onChange={(pin) => setAgain({ ...again, [person]: pin })}
          />
        </div>
      ))}
      <div className={styles['answer']} role="alert">
        {tried && problem !== undefined && <em>{t(problem)}</em>}
        {children}
      </div>
      <Choices>
        <button type="submit" className={styles['go']} disabled={pending}>
          {pending ? t('common.working') : t('setup.finish')}
        </button>
        <Choice onPress={onBack}>{t('common.back')}</Choice>
      </Choices>
    </form>
  );
}

interface SetupProps {
  readonly language: Language;
  readonly onLanguage: () => void;
}

/** The first start: language, the store, a PIN for each person. */
export function Setup({ language, onLanguage }: SetupProps): ReactNode {
  const { t } = useTranslation();
  const [step, setStep] = useState(1);
  const [store, setStore] = useState<Store>({ storeName: '', terminal: '01', dayCut: '04:00' });
  const act = useAct();
  const finish = (pins: Pins) =>
    act.run((client) => client.setup.complete({ ...store, storeName: store.storeName.trim(), language, pins }));
  return (
    <div className={styles['entry']}>
      <header className={styles['top']}>
        <b>{t('app.name')}</b>
        <span>{t('setup.title')}</span>
        <i />
        <span>{t('setup.step', { n: step })}</span>
        <Switches onLanguage={onLanguage} />
      </header>
      <main className={styles['setup']}>
        {step === 1 && (
          <section className={styles['form']}>
            <h1>{t('setup.language')}</h1>
            <div className={styles['people']}>
              {Language.options.map((one) => (
                <button
                  key={one}
                  type="button"
                  lang={one}
                  aria-pressed={one === language}
                  onClick={() => one !== language && onLanguage()}
                >
                  {t(`language.${one}`)}
                </button>
              ))}
            </div>
            <p>{t('setup.virtual')}</p>
            <Choices>
              <Choice main focused onPress={() => setStep(2)}>
                {t('common.next')} <kbd>Enter</kbd>
              </Choice>
            </Choices>
          </section>
        )}
        {step === 2 && <StoreStep store={store} onChange={setStore} onNext={() => setStep(3)} />}
        {step === 3 && (
          <PinStep onBack={() => setStep(2)} onFinish={(pins) => void finish(pins)} pending={act.pending}>
            <RefusedNote refused={act.refused} />
          </PinStep>
        )}
      </main>
    </div>
  );
}
