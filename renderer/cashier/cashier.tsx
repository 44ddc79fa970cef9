import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CounterView, Now, Prompt } from '../../contract/counter.ts';
import type { Money } from '../../contract/money.ts';
import { type Outcome, outcomeOf, type PaymentView } from '../../contract/payment.ts';
import { DrawerSheet } from '../drawer/drawer.tsx';
import { Bar } from '../ui/bar.tsx';
import { amountOf, isPadKey, type PadKey, typeKey } from '../ui/entry.ts';
import { type Act, useAct } from '../ui/frame.tsx';
import { useKeys } from '../ui/keys.ts';
import { play } from '../ui/sound.ts';
import { stays } from '../ui/telling.ts';
import { CashSheet } from './cash.tsx';
import styles from './cashier.module.css';
import { Desk } from './desk.tsx';
import { Foot } from './foot.tsx';
import { KeysSheet } from './help.tsx';
import { HoldSheet } from './hold.tsx';
import { NoticesSheet } from './notices.tsx';
import { PaymentSheet } from './payment.tsx';
import { Result } from './result.tsx';
import { Side } from './side.tsx';
import { type Division, DropSheet, SplitBar, SplitSheet, suggested } from './split.tsx';
import { VoidSheet } from './void.tsx';

export type Opened =
  | { readonly sheet: 'none' | 'keys' | 'void' | 'notices' | 'drawer' | 'drop' }
  | { readonly sheet: 'split'; readonly total: Money }
  | { readonly sheet: 'cash'; readonly amount: Money }
  | { readonly sheet: 'hold'; readonly amount: Money | undefined }
  | { readonly sheet: 'payment'; readonly payment: string };

const none: Opened = { sheet: 'none' };
const RESULT_MS = 2_500;
/** Nothing has gone wrong yet while one of these is asked. */
const calm: ReadonlySet<Prompt> = new Set([
  'present',
  'present-card',
  'present-code',
  'hold-still',
  'member-read',
  'coupon-read',
]);

const good: ReadonlySet<Outcome> = new Set(['approved', 'offline', 'voided', 'refunded', 'authorized']);
const bad: ReadonlySet<Outcome> = new Set(['declined', 'void-refused', 'refund-refused']);

interface CashierProps {
  readonly view: CounterView;
  readonly onLanguage: () => void;
  /** Without its own bar on top where a page around it has one. */
  readonly bare?: boolean;
}

type Charge = (amount: Money, sale?: string, how?: 'charge' | 'show') => Promise<boolean>;

/** What Escape may still take back. */
function cancellable(now: Now): now is Extract<Now, { phase: 'waiting' | 'choosing' | 'showing' | 'partial' }> {
  return ['waiting', 'choosing', 'showing', 'partial'].includes(now.phase);
}

/** Charges once for one request, even when the answer to it was lost and it is asked again. */
function useCharge(act: Act): Charge {
  const asked = useRef<{ readonly key: string; readonly body: string } | undefined>(undefined);
  return useCallback(
    async (amount, sale, how = 'charge') => {
      const body = `${how} ${amount.minor} ${sale ?? ''}`;
      const key = asked.current?.body === body ? asked.current.key : crypto.randomUUID();
      asked.current = { key, body };
      const payment = await act.run((client) =>
        client.sale[how]({ key, amount, ...(sale === undefined ? {} : { sale }) }),
      );
      if (payment === undefined) return false;
      asked.current = undefined;
      return true;
    },
    [act.run],
  );
}

/** A result is on the screen until it has been seen: some leave by themselves, bad ends wait for a person. */
function useResult(view: CounterView, act: Act) {
  const now = view.now;
  const [hidden, setHidden] = useState('');
  const outcome = now.phase === 'result' ? outcomeOf(now.payment.state, now.payment.kind) : undefined;
  const name = now.phase === 'result' ? `${now.payment.id} ${outcome} ${now.at}` : '';
  const waits = outcome !== undefined && stays(outcome);
  const { run } = act;
  const dismiss = useCallback(() => {
    setHidden(name);
    // What leaves by itself stays on the customer's display until the core takes it off.
    if (waits) void run((client) => client.sale.dismiss({}));
  }, [name, waits, run]);
  useEffect(() => {
    if (name === '' || waits) return undefined;
    const timer = setTimeout(() => setHidden(name), RESULT_MS);
    return () => clearTimeout(timer);
  }, [name, waits]);
  useEffect(() => {
    if (name === '' || outcome === undefined) return;
    if (good.has(outcome)) play('approved');
    else play(bad.has(outcome) ? 'declined' : 'attention');
  }, [name, outcome]);
  return { shown: now.phase === 'result' && hidden !== name ? now : undefined, dismiss };
}

/**
 * The amount as far as it was typed. Keys that were pressed together arrive together, before anything is drawn, so each
 * must find what the one before it left.
 */
function useTyped() {
  const [typed, show] = useState('');
  const latest = useRef('');
  const setTyped = useCallback((text: string) => {
    latest.current = text;
    show(text);
  }, []);
  return { typed, latest, setTyped };
}

/** The till: digits and Enter, then whatever the customer presents. */
export function Cashier({ view, onLanguage, bare = false }: CashierProps): ReactNode {
  const { t } = useTranslation();
  const currency = view.store?.currency ?? 'CNY';
  const { typed, latest, setTyped } = useTyped();
  const [opened, setOpened] = useState<Opened>(none);
  const [hint, setHint] = useState<string>();
  const act = useAct();
  const charging = useAct();
  const charge = useCharge(charging);
  const dismissing = useAct();
  const { shown, dismiss } = useResult(view, dismissing);
  const phase = view.now.phase;
  const free = phase === 'idle' || phase === 'result';
  const { sale } = view;
  const [division, setDivision] = useState<Division>();
  const next = sale && sale.unknown === null ? suggested(sale, division) : undefined;
  const entered = () => amountOf(latest.current, currency) ?? (latest.current === '' ? next : undefined);

  const prompt = view.now.phase === 'waiting' ? view.now.prompt : undefined;
  useEffect(() => {
    if (prompt !== undefined && !calm.has(prompt)) play('attention');
  }, [prompt]);

  const clearSaying = () => {
    setHint(undefined);
    charging.clear();
    act.clear();
  };
  const press = (key: PadKey) => {
    if (!free || charging.pending) return;
    clearSaying();
    if (shown) dismiss();
    const before = latest.current;
    const next = typeKey(before, key, currency);
    if (next === before && /\d/.test(key)) setHint(before.length >= 7 ? t('pad.full') : undefined);
    setTyped(next);
  };
  const pay = async (sum: Money | undefined, how: 'charge' | 'show' = 'charge') => {
    if (!free || charging.pending) return;
    clearSaying();
    if (sum === undefined) {
      if (shown) dismiss();
      else setHint(t('pad.zero'));
      return;
    }
    if (await charge(sum, sale?.id, how)) setTyped('');
  };
  const cancel = (payment: string) => act.run((client) => client.sale.cancel({ payment }));
  const takeCash = async () => {
    clearSaying();
    const amount = entered();
    if (view.now.phase === 'waiting') {
      const { payment, amount: due } = view.now;
      if (await cancel(payment)) setOpened({ sheet: 'cash', amount: due });
    } else if (free && amount) setOpened({ sheet: 'cash', amount });
    else if (free) setHint(t('pad.zero'));
  };
  const again = async (payment: PaymentView) => {
    dismiss();
    await charge(payment.amount, sale?.id ?? payment.sale ?? undefined);
  };
  const showCode = async () => {
    clearSaying();
    if (view.now.phase === 'waiting') {
      const { payment, amount: due } = view.now;
      if (await cancel(payment)) await charge(due, sale?.id, 'show');
    } else if (free) await pay(entered(), 'show');
  };
  const split = () => {
    clearSaying();
    const total = amountOf(latest.current, currency);
    if (!free || sale) return;
    if (total) setOpened({ sheet: 'split', total });
    else setHint(t('pad.zero'));
  };
  const accept = (payment: string) => act.run((client) => client.sale.accept({ payment }));
  const hold = () => {
    clearSaying();
    if (free) setOpened({ sheet: 'hold', amount: entered() });
  };
  const lock = () => act.run((client) => client.session.signOut({}));
  const leave = () => {
    const { now } = view;
    if (cancellable(now)) void cancel(now.payment);
    else if (shown) dismiss();
    else press('Clear');
  };
  const hotKey = (name: string) => {
    if (name === 'Enter') void pay(entered());
    else if (name === 'Escape') leave();
    else if (name === 'F1' || name === '?') setOpened({ sheet: 'keys' });
    else if (name === 'F2') void takeCash();
    else if (name === 'F4') setOpened({ sheet: 'void' });
    else if (name === 'F6') split();
    else if (name === 'F7' && view.showsCodes) void showCode();
    else if (name === 'F9' && view.holds) hold();
    else if (name === 'F8') onLanguage();
    else if (name === 'F10') void lock();
  };
  useKeys({
    onKey: (name) => {
      if (!isPadKey(name)) return hotKey(name);
      // Enter belongs to the amount from its first digit on, not to a button that was touched before.
      if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
      press(name);
    },
    onScan: (text) => {
      clearSaying();
      void act.run((client) => client.sale.scanned({ text }));
    },
  });

  const close = () => setOpened(none);
  return (
    <div className={bare ? styles['bare'] : styles['till']}>
      {!bare && <Bar view={view} onLanguage={onLanguage} />}
      {shown ? (
        <Result
          result={shown}
          offline={view.offline}
          onDismiss={dismiss}
          onAgain={() => void again(shown.payment)}
          onAsk={() => void act.run((client) => client.queue.forward({}))}
          refused={act.refused}
        />
      ) : (
        <>
          <Desk
            view={view}
            typed={typed}
            working={charging.pending}
            refused={charging.refused ?? act.refused}
            hint={hint}
            onKey={press}
            onCharge={() => void pay(entered())}
            onCash={() => void takeCash()}
            onCancel={(payment) => void cancel(payment)}
            onAccept={(payment) => void accept(payment)}
            next={next}
            split={
              sale && (
                <SplitBar
                  sale={sale}
                  next={next ?? sale.owed}
                  onDrop={() => setOpened({ sheet: 'drop' })}
                  onCancel={(payment) => void cancel(payment)}
                  onAsk={() => void act.run((client) => client.queue.forward({}))}
                />
              )
            }
          />
          <Side view={view} onOpen={(payment) => setOpened({ sheet: 'payment', payment })} />
        </>
      )}
      <Foot
        view={view}
        onCash={() => void takeCash()}
        onShow={() => void showCode()}
        onSplit={split}
        onHold={hold}
        onOpen={setOpened}
      />
      {opened.sheet === 'keys' && <KeysSheet onClose={close} />}
      {opened.sheet === 'void' && <VoidSheet view={view} onClose={close} />}
      {opened.sheet === 'drawer' && <DrawerSheet view={view} onClose={close} />}
      {opened.sheet === 'notices' && <NoticesSheet view={view} onClose={close} />}
      {opened.sheet === 'cash' && (
        <CashSheet
          amount={opened.amount}
          sale={sale?.id}
          onClose={close}
          onTaken={() => {
            setTyped('');
            close();
          }}
        />
      )}
      {opened.sheet === 'split' && (
        <SplitSheet
          total={opened.total}
          onClose={close}
          onBegun={(made) => {
            setDivision(made);
            setTyped('');
            close();
          }}
        />
      )}
      {opened.sheet === 'drop' && sale && <DropSheet view={view} sale={sale} onClose={close} />}
      {opened.sheet === 'hold' && (
        <HoldSheet
          view={view}
          amount={opened.amount}
          onClose={close}
          onHeld={() => {
            setTyped('');
            close();
          }}
          onOpen={(payment) => setOpened({ sheet: 'payment', payment })}
        />
      )}
      {opened.sheet === 'payment' && <PaymentSheet view={view} payment={opened.payment} onClose={close} />}
    </div>
  );
}
