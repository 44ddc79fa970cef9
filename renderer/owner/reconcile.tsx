import { type ReactNode, useCallback, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Imported, ReconciliationLine, Statement } from '../../contract/reconciliation.ts';
import type { TerminalClient } from '../core.ts';
import { useAsk } from '../ui/ask.ts';
import { RefusedNote, useAct } from '../ui/frame.tsx';
import page from '../ui/page.module.css';
import { Choice } from '../ui/sheet.tsx';
import styles from './reconcile.module.css';
import { Counts, Deposits, DoneSheet, Explained, Extra, Lines, RefundSheet } from './reconciled.tsx';
import { importFile, saveFile } from './upload.ts';

interface ReconcileProps {
  readonly onPayment: (payment: string) => void;
}

/** What became of the last import, in one sentence. */
function Outcome({ imported, name }: { readonly imported: Imported; readonly name: string }): ReactNode {
  const { t } = useTranslation();
  if (imported.ok) {
    const { lines } = imported.result.statement;
    return (
      <p role="status" className={page['good']}>
        ✓ {imported.known ? t('reconciliation.known') : t('reconciliation.imported', { name, n: lines })}
      </p>
    );
  }
  return (
    <p role="alert" className={page['bad']}>
      {t(`reconciliation.fault.${imported.code}`, { line: imported.line ?? 0 })} {t('reconciliation.faultWhole')}
    </p>
  );
}

const askStatements = (client: TerminalClient) => client.reconciliation.statements({});

/** The bank's statements: choose a file, see how much agrees, then what does not and what to do about it. */
export function Reconcile({ onPayment }: ReconcileProps): ReactNode {
  const { t } = useTranslation();
  const [shown, setShown] = useState<{ readonly no: number | undefined; readonly turn: number }>({
    no: undefined,
    turn: 0,
  });
  const statements = useAsk(askStatements, shown.turn);
  const importing = useAct();
  const saving = useAct();
  const [imported, setImported] = useState<{ readonly name: string; readonly result: Imported }>();
  const [share, setShare] = useState(0);
  const picker = useRef<HTMLInputElement>(null);
  const take = async (file: File) => {
    setShare(0);
    setImported(undefined);
    const result = await importing.run((client) => importFile(client, file, setShare));
    if (!result) return;
    setImported({ name: file.name, result });
    if (result.ok) setShown(({ turn }) => ({ no: result.result.statement.no, turn: turn + 1 }));
  };
  const no = shown.no ?? statements.value?.[0]?.no;
  return (
    <>
      <header className={page['head']}>
        <h1>{t('reconciliation.title')}</h1>
        <i className={page['fill']} />
        {statements.value && statements.value.length > 0 && (
          <Picked statements={statements.value} no={no} onPick={(one) => setShown(({ turn }) => ({ no: one, turn }))} />
        )}
        <input
          ref={picker}
          type="file"
          className={styles['pick']}
          accept=".csv,.txt,.zip,.gz"
          aria-label={t('reconciliation.choose')}
          onChange={(event) => {
            const [file] = event.target.files ?? [];
            event.target.value = '';
            if (file) void take(file);
          }}
        />
        <Choice main disabled={importing.pending} onPress={() => picker.current?.click()}>
          {t('reconciliation.choose')}
        </Choice>
      </header>
      <p className={page['note']}>{t('reconciliation.chooseNote')}</p>
      {importing.pending && (
        <p role="status">
          {t('reconciliation.reading')} <progress value={share} max={1} />
        </p>
      )}
      <RefusedNote refused={importing.refused ?? statements.refused ?? saving.refused} />
      {imported && <Outcome imported={imported.result} name={imported.name} />}
      {statements.value?.length === 0 && <p className={page['note']}>{t('reconciliation.none')}</p>}
      {no !== undefined && <Report no={no} turn={shown.turn} onPayment={onPayment} />}
    </>
  );
}

interface PickedProps {
  readonly statements: readonly Statement[];
  readonly no: number | undefined;
  readonly onPick: (no: number) => void;
}

function Picked({ statements, no, onPick }: PickedProps): ReactNode {
  const { t } = useTranslation();
  const text = (one: Statement): string =>
    [
      t('reconciliation.statement', { n: one.no, name: one.name }),
      one.supersededBy === null ? '' : t('reconciliation.superseded', { n: one.supersededBy }),
      one.complete ? '' : t('reconciliation.incomplete'),
    ]
      .filter((part) => part !== '')
      .join(' · ');
  return (
    <select
      className={styles['named']}
      aria-label={t('reconciliation.statements')}
      value={no}
      onChange={(event) => onPick(Number(event.target.value))}
    >
      {statements.map((one) => (
        <option key={one.no} value={one.no}>
          {text(one)}
        </option>
      ))}
    </select>
  );
}

interface ReportProps extends ReconcileProps {
  readonly no: number;
  readonly turn: number;
}

function Report({ no, turn, onPayment }: ReportProps): ReactNode {
  const { t } = useTranslation();
  const ask = useCallback((client: TerminalClient) => client.reconciliation.report({ statement: no }), [no]);
  const report = useAsk(ask, turn);
  const saving = useAct();
  const [saved, setSaved] = useState<string>();
  const [line, setLine] = useState<ReconciliationLine>();
  const [extra, setExtra] = useState<ReconciliationLine>();
  const save = async (as: 'csv' | 'html') => setSaved(await saving.run((client) => saveFile(client, no, as)));
  const settled = () => {
    setLine(undefined);
    setExtra(undefined);
    report.again();
  };
  const { value } = report;
  return (
    <>
      <RefusedNote refused={report.refused ?? saving.refused} />
      {value && (
        <>
          <header className={page['head']}>
            <p>{t('reconciliation.days', { from: value.statement.from, to: value.statement.to })}</p>
            <i className={page['fill']} />
            <span role="status">{saved !== undefined && t('reconciliation.saved', { name: saved })}</span>
            <Choice disabled={saving.pending} onPress={() => void save('csv')}>
              {t('reconciliation.csv')}
            </Choice>
            <Choice disabled={saving.pending} onPress={() => void save('html')}>
              {t('reconciliation.html')}
            </Choice>
          </header>
          <Counts result={value} />
          <Extra result={value} />
          <Lines result={value} onPayment={onPayment} onDone={setLine} onRefund={setExtra} />
          <Deposits result={value} />
          <Explained result={value} />
        </>
      )}
      {extra && <RefundSheet statement={no} line={extra} onDone={settled} onClose={() => setExtra(undefined)} />}
      {line && <DoneSheet statement={no} line={line} onDone={settled} onClose={() => setLine(undefined)} />}
    </>
  );
}
