import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useState,
  useSyncExternalStore,
} from 'react';
import { useTranslation } from 'react-i18next';
import type { Language } from '../../contract/counter.ts';
import { type Core, type Fed, type Feed, feed, type Refused, refusalOf, type TerminalClient } from '../core.ts';
import styles from './frame.module.css';

const CoreContext = createContext<Core | undefined>(undefined);

export function useCore(): Core {
  const core = useContext(CoreContext);
  if (!core) throw new Error('useCore outside a Frame');
  return core;
}

/** The client while there is a connection; undefined while nothing can be asked. */
export function useClient(): TerminalClient | undefined {
  const core = useCore();
  const connection = useSyncExternalStore(core.subscribe, core.connection);
  return connection.status === 'open' ? connection.client : undefined;
}

type Open<T> = Parameters<typeof feed<T>>[1];

/** Follows a stream of the core. `open` is read once: it must not depend on what changes. */
export function useFeed<T>(open: Open<T>): Fed<T> {
  const core = useCore();
  const [stream] = useState<Feed<T>>(() => feed(core, open));
  return useSyncExternalStore(stream.subscribe, stream.read);
}

export interface Act {
  readonly pending: boolean;
  readonly refused: Refused | undefined;
  /** Asks the core; undefined when it refused, and `refused` says why. */
  readonly run: <T>(ask: (client: TerminalClient) => Promise<T>) => Promise<T | undefined>;
  readonly clear: () => void;
}

/** One thing a person may ask of the core at a time, with its progress and its refusal. */
export function useAct(): Act {
  const client = useClient();
  const [pending, setPending] = useState(false);
  const [refused, setRefused] = useState<Refused>();
  const run = useCallback(
    async <T,>(ask: (client: TerminalClient) => Promise<T>): Promise<T | undefined> => {
      if (!client) {
        setRefused({ code: 'no-connection' });
        return undefined;
      }
      setPending(true);
      setRefused(undefined);
      try {
        return await ask(client);
      } catch (error) {
        setRefused(refusalOf(error));
        return undefined;
      } finally {
        setPending(false);
      }
    },
    [client],
  );
  const clear = useCallback(() => setRefused(undefined), []);
  return { pending, refused, run, clear };
}

/** Says why something was refused and what to do now. */
export function RefusedNote({ refused }: { readonly refused: Refused | undefined }): ReactNode {
  const { t } = useTranslation();
  if (!refused) return null;
  const waiting = refused.waitMs === undefined ? undefined : Math.max(1, Math.ceil(refused.waitMs / 60_000));
  return (
    <p role="alert" className={styles['refused']}>
      {waiting === undefined
        ? t([`refusal.${refused.code}`, 'refusal.other'], { code: refused.code })
        : t('signin.locked', { time: t('common.minutes', { n: waiting }) })}
    </p>
  );
}

export interface LanguageChoice {
  readonly language: Language;
  readonly change: () => void;
}

/** The page's language: the store's, or at once the one just chosen here until the store says its own again. */
export function useLanguage(ofStore: Language | undefined): LanguageChoice {
  const { i18n } = useTranslation();
  const client = useClient();
  const [chosen, setChosen] = useState<{ readonly language: Language; readonly over: Language | undefined }>();
  const language =
    chosen && chosen.over === ofStore ? chosen.language : (ofStore ?? (i18n.language === 'en' ? 'en' : 'zh-CN'));
  useEffect(() => {
    if (i18n.language !== language) void i18n.changeLanguage(language);
    document.documentElement.lang = language;
  }, [i18n, language]);
  const change = useCallback(() => {
    const next: Language = language === 'en' ? 'zh-CN' : 'en';
    setChosen({ language: next, over: ofStore });
    // The page has switched already; where the core refuses, only this window differs.
    client?.session.language({ language: next }).catch(() => undefined);
  }, [client, language, ofStore]);
  return { language, change };
}

/** Milliseconds UTC, read again every so often. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

const RESTARTED_MS = 4_000;

function Restarted({ load }: { readonly load: number }): ReactNode {
  const { t } = useTranslation();
  const [over, setOver] = useState(0);
  useEffect(() => {
    if (load < 2) return undefined;
    const timer = setTimeout(() => setOver(load), RESTARTED_MS);
    return () => clearTimeout(timer);
  }, [load]);
  if (load < 2 || over === load) return null;
  return (
    <p role="status" className={styles['restarted']}>
      {t('connection.restarted')}
    </p>
  );
}

interface FrameProps {
  readonly core: Core;
  /** The customer display says nothing of connections but “one moment”. */
  readonly quiet?: boolean;
  readonly children: ReactNode;
}

/** What every window stands in: the connection, and the veil that says when there is none. */
export function Frame({ core, quiet = false, children }: FrameProps): ReactNode {
  const { t } = useTranslation();
  const connection = useSyncExternalStore(core.subscribe, core.connection);
  const open = connection.status === 'open';
  return (
    <CoreContext value={core}>
      <div className={styles['page']} inert={!open}>
        {children}
      </div>
      {!open && (
        <div className={styles['veil']} role="alert">
          <div>
            <span className={styles['ring']} aria-hidden="true" />
            <p>{quiet ? t('customer.reconnecting') : t(`connection.${connection.status}`)}</p>
            {!quiet && connection.status === 'lost' && <small>{t('connection.lostNote')}</small>}
            {!quiet && connection.status === 'silent' && <small>{t('connection.silentNote')}</small>}
          </div>
        </div>
      )}
      {open && !quiet && <Restarted load={connection.load} />}
    </CoreContext>
  );
}
