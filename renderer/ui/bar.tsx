import { Moon, Sun, Volume2, VolumeX } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { CounterView } from '../../contract/counter.ts';
import styles from './bar.module.css';
import { useClient, useNow } from './frame.tsx';
import { queueText } from './queue.tsx';
import { useSoundSwitch } from './sound.ts';
import { useTheme } from './theme.ts';
import { clockTime } from './write.tsx';

/** The switches that every window has: sounds, theme, language. */
export function Switches({
  onLanguage,
  sound = true,
}: {
  readonly onLanguage: () => void;
  readonly sound?: boolean;
}): ReactNode {
  const { t } = useTranslation();
  const [on, switchSound] = useSoundSwitch();
  const [theme, switchTheme] = useTheme();
  const soundWord = t(on ? 'sound.off' : 'sound.on');
  const themeWord = t(theme === 'dark' ? 'theme.light' : 'theme.dark');
  return (
    <>
      {sound && (
        <button type="button" className={styles['icon']} aria-label={soundWord} title={soundWord} onClick={switchSound}>
          {on ? <Volume2 size={20} aria-hidden="true" /> : <VolumeX size={20} aria-hidden="true" />}
        </button>
      )}
      <button type="button" className={styles['icon']} aria-label={themeWord} title={themeWord} onClick={switchTheme}>
        {theme === 'dark' ? <Sun size={20} aria-hidden="true" /> : <Moon size={20} aria-hidden="true" />}
      </button>
      <button
        type="button"
        aria-label={`${t('language.switch')} · ${t('language.label')}`}
        title={`${t('language.label')} · F8`}
        onClick={onLanguage}
      >
        {t('language.switch')}
      </button>
    </>
  );
}

/** Locks the till: whoever comes next signs in. */
export function LockButton(): ReactNode {
  const { t } = useTranslation();
  const client = useClient();
  return (
    <button
      type="button"
      className={styles['lock']}
      title="F10"
      // A lost connection signs everybody out as well.
      onClick={() => client?.session.signOut({}).catch(() => undefined)}
    >
      {t('bar.lock')}
    </button>
  );
}

/** The line's state as dot and word; the dot is full only when the bank can be asked. */
export function LineState({ line }: { readonly line: CounterView['line'] }): ReactNode {
  const { t } = useTranslation();
  const reason = line.reason === null ? undefined : t([`line.${line.reason}`, `line.${line.status}`]);
  return (
    <span className={styles['line']} title={reason}>
      <i className={styles[line.status]} aria-hidden="true" />
      {t(`line.${line.status}`)}
    </span>
  );
}

/** What waits for the bank: how much, and when it goes on. How long it has waited is said by the queue itself. */
function Waiting({ parts }: { readonly parts: readonly string[] }): ReactNode {
  const { t } = useTranslation();
  return (
    <span className={styles['waiting']} title={parts.join(' · ')}>
      {t('bar.queue')} {[parts[0], parts.at(-1)].join(' · ')}
    </span>
  );
}

interface BarProps {
  readonly view: CounterView;
  readonly onLanguage: () => void;
}

/** The line on top of the till: where, who, the bank's line, what waits, the time. */
export function Bar({ view, onLanguage }: BarProps): ReactNode {
  const { t } = useTranslation();
  const now = useNow(5_000);
  const { store, session, offline } = view;
  return (
    <header className={styles['bar']}>
      <b className={styles['store']}>{store?.name}</b>
      <span>{t('bar.till', { n: store?.terminal })}</span>
      {session && <span>{t(`person.${session.person}`)}</span>}
      {store?.virtual && (
        <span className={styles['virtual']} title={t('app.virtualNote')}>
          {t('app.virtual')}
        </span>
      )}
      <i className={styles['fill']} />
      <LineState line={view.line} />
      {offline !== null && offline.count > 0 && <Waiting parts={queueText(offline, now, t)} />}
      <time>{clockTime(now, store?.zone)}</time>
      <span className={styles['switches']}>
        <Switches onLanguage={onLanguage} />
        <LockButton />
      </span>
    </header>
  );
}
