import type { TFunction } from 'i18next';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CounterView } from '../../contract/counter.ts';
import { CashReason, type DrawerShift } from '../../contract/drawer.ts';
import { formatMoney, type Money, money, parseAmount } from '../../contract/money.ts';
import type { TerminalClient } from '../core.ts';
import { Amount } from '../ui/amount.tsx';
import { useAsk } from '../ui/ask.ts';
import form from '../ui/confirm.module.css';
import { Confirm, needsOwner, Options, ownerPin, useKey } from '../ui/confirm.tsx';
import { RefusedNote, useAct } from '../ui/frame.tsx';
import page from '../ui/page.module.css';
import { Choice, Choices, Sheet } from '../ui/sheet.tsx';
import { clockTime } from '../ui/write.tsx';
import { Count } from './count.tsx';
import styles from './drawer.module.css';

type Task = 'float' | 'in' | 'out' | 'count';

/** The figures of a shift, as on its slip. */
export function ShiftFigures({ shift }: { readonly shift: DrawerShift }): ReactNode {
  const { t } = useTranslation();
  const figures = ['float', 'sales', 'in', 'out', 'expected', 'counted'] as const;
  const { difference } = shift;
  return (
    <dl className={styles['figures']}>
      {figures.map((name) => {
        const sum = shift[name];
        if (sum === null && name !== 'counted') return null;
        return (
          <div key={name}>
            <dt>{t(`drawer.${name}`)}</dt>
            <dd>{sum === null ? t('drawer.notCounted') : formatMoney(sum)}</dd>
          </div>
        );
      })}
      {difference !== null && (
        <div>
          <dt>{t('drawer.difference')}</dt>
          <dd className={difference.minor === 0 ? page['good'] : page['bad']}>
            {difference.minor === 0 ? '✓' : '✕'} {differenceText(difference, t)}
          </dd>
        </div>
      )}
    </dl>
  );
}

function differenceText(difference: Money, t: TFunction): string {
  if (difference.minor === 0) return t('drawer.even');
  const amount = formatMoney(money(Math.abs(difference.minor), difference.currency));
  return t(difference.minor > 0 ? 'drawer.over' : 'drawer.short', { amount });
}

interface TaskProps {
  readonly view: CounterView;
  readonly task: Task;
  readonly onBack: () => void;
  readonly onDone: (printed: boolean) => void;
}

/** Setting the float, or the count at the end. */
function Counting({ view, task, onBack, onDone }: TaskProps): ReactNode {
  const { t } = useTranslation();
  const act = useAct();
  const key = useKey();
  const [sum, setSum] = useState<Money>();
  const save = async () => {
    if (!sum) return;
    const done = await act.run((client) =>
      task === 'float' ? client.drawer.open({ key, float: sum }) : client.drawer.count({ key, counted: sum }),
    );
    if (done) onDone(done.printed);
  };
  return (
    <div className={styles['task']}>
      <p className={page['note']}>{t(task === 'float' ? 'drawer.floatHint' : 'drawer.countHint')}</p>
      <Count currency={view.store?.currency ?? 'CNY'} onSum={setSum} />
      <RefusedNote refused={act.refused} />
      <Choices>
        <Choice main disabled={sum === undefined || act.pending} onPress={() => void save()}>
          {act.pending ? t('common.working') : t(task === 'float' ? 'drawer.setFloat' : 'drawer.count')}
        </Choice>
        <Choice onPress={onBack}>{t('common.back')}</Choice>
      </Choices>
    </div>
  );
}

/** Cash brought or taken: how much, why, and with whose approval. */
function Moving({ view, task, onBack, onDone }: TaskProps): ReactNode {
  const { t } = useTranslation();
  const kind = task === 'out' ? 'out' : 'in';
  const currency = view.store?.currency ?? 'CNY';
  const key = useKey();
  const [typed, setTyped] = useState('');
  const [reason, setReason] = useState<CashReason>(kind === 'in' ? 'change' : 'safe');
  const amount = parseAmount(typed, currency) ?? money(0, currency);
  const word = t(kind === 'in' ? 'drawer.cashIn' : 'drawer.cashOut');
  return (
    <Confirm
      pin={kind === 'out' && needsOwner(view) ? t('drawer.ownerPin') : undefined}
      ready={amount.minor > 0}
      look="main"
      word={word}
      ask={(client, pin) => client.drawer.move({ key, kind, reason, amount, ...ownerPin(pin) })}
      onDone={({ printed }) => onDone(printed)}
      onBack={onBack}
    >
      <div className={form['beside']}>
        <Amount label={word} currency={currency} value={typed} onChange={setTyped} />
        <div>
          {' '}
          <Options
            label={t('drawer.why')}
            options={CashReason.options}
            chosen={reason}
            word={(one) => t(`drawer.reason.${one}`)}
            onChoose={setReason}
          />
        </div>
      </div>
    </Confirm>
  );
}

function Moves({ shift, zone }: { readonly shift: DrawerShift; readonly zone: string | undefined }): ReactNode {
  const { t } = useTranslation();
  if (shift.moves.length === 0) return null;
  return (
    <table className={page['rows']}>
      <caption className="visually-hidden">{t('drawer.moves')}</caption>
      <tbody>
        {shift.moves.map((move) => (
          <tr key={move.id}>
            <td>{clockTime(move.at, zone)}</td>
            <td>{t(move.kind === 'in' ? 'drawer.in' : 'drawer.out')}</td>
            <td>{t(`drawer.reason.${move.reason}`)}</td>
            <td>
              {[move.by, move.approver]
                .filter((name) => name !== null)
                .map((name) => t(`person.${name}`, { defaultValue: name }))
                .join(' · ')}
            </td>
            <td className={page['right']}>{formatMoney(move.amount)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const askShift = (client: TerminalClient) => client.drawer.shift({});

/** The drawer: what is known of it, and what can be done with it now. */
export function DrawerPanel({ view }: { readonly view: CounterView }): ReactNode {
  const { t } = useTranslation();
  const zone = view.store?.zone;
  const { value, refused, again } = useAsk(askShift, view.seq);
  const kicking = useAct();
  const [task, setTask] = useState<Task>();
  const [saved, setSaved] = useState<boolean>();
  const done = (printed: boolean) => {
    setTask(undefined);
    setSaved(printed);
    again();
  };
  if (!value)
    return refused ? <RefusedNote refused={refused} /> : <p className={page['note']}>{t('common.loading')}</p>;
  const { shift } = value;
  const open = shift?.state === 'open';
  if (task === 'in' || task === 'out')
    return <Moving view={view} task={task} onBack={() => setTask(undefined)} onDone={done} />;
  if (task) return <Counting view={view} task={task} onBack={() => setTask(undefined)} onDone={done} />;
  const who = (name: string) => t(`person.${name}`, { defaultValue: name });
  return (
    <div className={styles['task']}>
      {shift === null || !open ? <p>{t('drawer.none')}</p> : null}
      {shift !== null && (
        <>
          <h2>
            {open
              ? t('drawer.shift', { n: shift.no, by: who(shift.openedBy), time: clockTime(shift.openedAt, zone) })
              : t('drawer.last', { n: shift.no, time: clockTime(shift.countedAt ?? shift.openedAt, zone) })}
          </h2>
          <ShiftFigures shift={shift} />
          <Moves shift={shift} zone={zone} />
        </>
      )}
      <p role="status">{saved !== undefined && t(saved ? 'drawer.saved' : 'drawer.unprinted')}</p>
      <RefusedNote refused={kicking.refused} />
      <Choices>
        {open ? (
          <>
            <Choice main onPress={() => setTask('count')}>
              {t('drawer.count')}
            </Choice>
            <Choice onPress={() => setTask('in')}>{t('drawer.cashIn')}</Choice>
            <Choice onPress={() => setTask('out')}>{t('drawer.cashOut')}</Choice>
          </>
        ) : (
          <Choice main onPress={() => setTask('float')}>
            {t('drawer.setFloat')}
          </Choice>
        )}
        <Choice disabled={kicking.pending} onPress={() => void kicking.run((client) => client.drawer.kick({}))}>
          {t('drawer.kick')}
        </Choice>
      </Choices>
    </div>
  );
}

/** The drawer over the till. */
export function DrawerSheet({
  view,
  onClose,
}: {
  readonly view: CounterView;
  readonly onClose: () => void;
}): ReactNode {
  const { t } = useTranslation();
  return (
    <Sheet title={t('drawer.title')} onClose={onClose} wide>
      <DrawerPanel view={view} />
    </Sheet>
  );
}

/** The drawer in the owner's book. */
export function DrawerPage({ view }: { readonly view: CounterView }): ReactNode {
  const { t } = useTranslation();
  return (
    <>
      <header className={page['head']}>
        <h1>{t('drawer.title')}</h1>
        <p>{t('drawer.note')}</p>
      </header>
      <section className={page['panel']}>
        <DrawerPanel view={view} />
      </section>
    </>
  );
}
