import { type ReactNode, useCallback, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Now } from '../../contract/counter.ts';
import type { VirtualPaper, VirtualStatus } from '../../contract/device.ts';
import type { TerminalClient } from '../core.ts';
import { useAsk } from '../ui/ask.ts';
import { Switches } from '../ui/bar.tsx';
import { RefusedNote, useAct, useClient, useFeed, useLanguage } from '../ui/frame.tsx';
import { clockTime } from '../ui/write.tsx';
import styles from './virtual.module.css';

const LOOK_MS = 1_500;
const KEPT = 12;
const troubles = ['none', 'paper-near-end', 'paper-end', 'cover-open', 'offline'] as const;
const wallets = ['alipay', 'wechat', 'unionpay-code', 'e-cny'] as const;
const behaviours = ['pays', 'declines', 'slow', 'never'] as const;

/** Looks at the virtual counter every so often while it is there. */
function useCounter() {
  const client = useClient();
  const [status, setStatus] = useState<VirtualStatus>();
  const [paper, setPaper] = useState<readonly VirtualPaper[]>([]);
  const [absent, setAbsent] = useState(false);
  const last = paper.at(-1)?.n ?? 0;
  useEffect(() => {
    if (!client) return undefined;
    let gone = false;
    const look = async () => {
      try {
        const [now, printed] = await Promise.all([client.virtual.status({}), client.virtual.paper({ since: last })]);
        if (gone) return;
        setAbsent(false);
        setStatus(now);
        if (printed.length > 0) setPaper((kept) => merge(kept, printed));
      } catch {
        // Said below; the next look may find it again.
        if (!gone) setAbsent(true);
      }
    };
    void look();
    const timer = setInterval(() => void look(), LOOK_MS);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [client, last]);
  return { status, setStatus, paper, absent };
}

function merge(kept: readonly VirtualPaper[], printed: readonly VirtualPaper[]): readonly VirtualPaper[] {
  const byNumber = new Map([...kept, ...printed].map((one) => [one.n, one]));
  return [...byNumber.values()].sort((a, b) => a.n - b.n).slice(-KEPT);
}

const askCards = (client: TerminalClient) => client.virtual.cards({});

function Cards(): ReactNode {
  const { t, i18n } = useTranslation();
  const { value: cards } = useAsk(askCards, 'once');
  const tap = useAct();
  const [said, setSaid] = useState<string>();
  const put = async (card: string) => {
    setSaid(undefined);
    const answer = await tap.run((client) => client.virtual.tap({ card }));
    if (answer) setSaid(answer.left);
  };
  return (
    <section>
      <h2>{t('virtual.cards')}</h2>
      <div className={styles['cards']}>
        {cards?.map((card) => (
          <button key={card.id} type="button" disabled={tap.pending} onClick={() => void put(card.id)}>
            <b>{i18n.language === 'en' ? card.label : card.labelZh}</b>
          </button>
        ))}
      </div>
      <p role="status" className={styles['said']}>
        {tap.pending ? t('virtual.tapping') : said !== undefined && t(`virtual.left.${said}`, { defaultValue: said })}
      </p>
      <RefusedNote refused={tap.refused} />
    </section>
  );
}

/** A customer with a phone before the customer display. */
function ShownCode({ now }: { readonly now: Now | undefined }): ReactNode {
  const { t } = useTranslation();
  const act = useAct();
  const [said, setSaid] = useState<string>();
  const pay = async () => {
    const answer = await act.run((client) => client.virtual.payShown({}));
    if (answer) setSaid(answer.paid ? t('virtual.paid') : t('virtual.notPaid', { why: answer.why }));
  };
  const shown = now?.phase === 'showing';
  return (
    <section>
      <h2>{t('virtual.shownCode')}</h2>
      <div className={styles['cards']}>
        <button type="button" disabled={!shown || act.pending} onClick={() => void pay()}>
          <b>{t('virtual.shownCode')}</b>
        </button>
      </div>
      <p role="status" className={styles['said']}>
        {said ?? (shown ? '' : t('virtual.noCode'))}
      </p>
      <RefusedNote refused={act.refused} />
    </section>
  );
}

function Codes(): ReactNode {
  const { t } = useTranslation();
  const act = useAct();
  const [behaviour, setBehaviour] = useState<(typeof behaviours)[number]>('pays');
  const [shown, setShown] = useState<string>();
  const scan = useCallback(
    async (scheme: string) => {
      const code = await act.run(async (client) => {
        const made = await client.virtual.code({ scheme, behaviour });
        await client.virtual.scan({ text: made.code });
        return made.code;
      });
      setShown(code);
    },
    [act.run, behaviour],
  );
  return (
    <section>
      <h2>{t('virtual.codes')}</h2>
      <Switch name={t('virtual.behaviour')} options={behaviours} value={behaviour} onChange={setBehaviour} />
      <div className={styles['cards']}>
        {wallets.map((scheme) => (
          <button key={scheme} type="button" disabled={act.pending} onClick={() => void scan(scheme)}>
            <b>{t(`scheme.${scheme}`)}</b>
          </button>
        ))}
      </div>
      <p role="status" className={styles['said']}>
        {shown !== undefined && t('virtual.scanned', { code: shown })}
      </p>
      <RefusedNote refused={act.refused} />
    </section>
  );
}

interface SwitchProps<T extends string> {
  readonly name: string;
  readonly options: readonly T[];
  readonly value: T | undefined;
  readonly onChange: (value: T) => void;
}

/** One of a few, side by side. */
function Switch<T extends string>({ name, options, value, onChange }: SwitchProps<T>): ReactNode {
  const { t } = useTranslation();
  const word = (option: string) => t(`virtual.${option}`);
  return (
    <fieldset className={styles['switch']}>
      <legend>{name}</legend>
      {options.map((option) => (
        <button key={option} type="button" aria-pressed={option === value} onClick={() => onChange(option)}>
          {word(option)}
        </button>
      ))}
    </fieldset>
  );
}

function World({
  status,
  onStatus,
}: {
  readonly status: VirtualStatus | undefined;
  readonly onStatus: (status: VirtualStatus) => void;
}): ReactNode {
  const { t } = useTranslation();
  const act = useAct();
  const turn = async (ask: (client: TerminalClient) => Promise<VirtualStatus>) => {
    const next = await act.run(ask);
    if (next) onStatus(next);
  };
  return (
    <section>
      <Switch
        name={t('virtual.line')}
        options={['lineUp', 'lineDown'] as const}
        value={status && (status.line ? 'lineUp' : 'lineDown')}
        onChange={(to) => void turn((client) => client.virtual.line({ up: to === 'lineUp' }))}
      />
      <Switch
        name={t('virtual.bank')}
        options={['bankUp', 'bankDown'] as const}
        value={status && (status.bank ? 'bankUp' : 'bankDown')}
        onChange={(to) => void turn((client) => client.virtual.bank({ up: to === 'bankUp' }))}
      />
      <Switch
        name={t('virtual.printer')}
        options={troubles}
        value={status?.printer}
        onChange={(trouble) => void turn((client) => client.virtual.printer({ trouble }))}
      />
      {status && <p className={styles['said']}>{t('virtual.drawer', { n: status.drawerOpened })}</p>}
      <RefusedNote refused={act.refused} />
    </section>
  );
}

/** The panel that stands in for customer, bank and printer. */
export function Virtual(): ReactNode {
  const { t } = useTranslation();
  const { value: view } = useFeed((client, signal) => client.counter.watch({}, { signal }));
  const { change } = useLanguage(view?.store?.language);
  const { status, setStatus, paper, absent } = useCounter();
  return (
    <div className={styles['virtual']}>
      <header>
        <h1>{t('virtual.title')}</h1>
        <i />
        <Switches onLanguage={change} sound={false} />
      </header>
      <main>
        <div>
          <p className={styles['note']}>{t('virtual.note')}</p>
          {absent && <p className={styles['absent']}>{t('refusal.counter-silent')}</p>}
          <World status={status} onStatus={setStatus} />
          <Cards />
          <Codes />
          <ShownCode now={view?.now} />
        </div>
        <section className={styles['paper']} aria-label={t('virtual.paper')}>
          <h2>{t('virtual.paper')}</h2>
          {paper.length === 0 && <p className={styles['said']}>{t('virtual.noPaper')}</p>}
          {[...paper].reverse().map((one) => (
            <figure key={one.n}>
              <figcaption>
                {t('virtual.receipt', { n: one.n })} · {clockTime(one.at, view?.store?.zone)}
              </figcaption>
              <img src={one.image} alt={one.text} />
            </figure>
          ))}
        </section>
      </main>
    </div>
  );
}
