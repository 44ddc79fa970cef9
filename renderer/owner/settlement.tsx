import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CounterView } from '../../contract/counter.ts';
import type { DayReport } from '../../contract/day.ts';
import { formatMoney } from '../../contract/money.ts';
import type { TerminalClient } from '../core.ts';
import { ShiftFigures } from '../drawer/drawer.tsx';
import { useAsk } from '../ui/ask.ts';
import { RefusedNote, useAct } from '../ui/frame.tsx';
import page from '../ui/page.module.css';
import { Choice, Choices, Sheet } from '../ui/sheet.tsx';
import { fullTime } from '../ui/write.tsx';
import { BooksTable } from './books.tsx';
import { CloseSheet } from './close.tsx';
import styles from './settlement.module.css';

/** A report's own figures, as they stand on its paper. */
export function ReportFigures({
  report,
  zone,
}: {
  readonly report: DayReport;
  readonly zone: string | undefined;
}): ReactNode {
  const { t } = useTranslation();
  const { today } = report;
  const figures = ['sold', 'voided', 'refunded', 'atBank', 'underWay', 'cash', 'lateDeclined'] as const;
  return (
    <>
      <p className={page['note']}>
        {t('owner.day', { day: [report.firstDay, report.day].filter(Boolean).join(' – ') })} ·{' '}
        {t('owner.batch', { n: report.batch })} · {fullTime(report.at, zone)}
      </p>
      <dl className={styles['figures']}>
        {figures.map((name) => (
          <div key={name}>
            <dt>{t(`report.${name}`)}</dt>
            <dd>
              {formatMoney(today[name].amount)} <small>{t('common.payments', { count: today[name].count })}</small>
            </dd>
          </div>
        ))}
        <div>
          <dt>{t('report.difference')}</dt>
          <dd className={today.difference.minor === 0 ? page['good'] : page['bad']}>{formatMoney(today.difference)}</dd>
        </div>
      </dl>
      {report.drawers.map((shift) => (
        <section key={shift.no} className={styles['drawer']}>
          <h3>{t('owner.drawer')}</h3>
          <ShiftFigures shift={shift} />
        </section>
      ))}
      <BooksTable report={report} />
    </>
  );
}

/** Puts a closed day on paper again. */
function PrintZ({ number }: { readonly number: number }): ReactNode {
  const { t } = useTranslation();
  const { run, pending, refused } = useAct();
  const [printed, setPrinted] = useState(false);
  const print = async (): Promise<void> => {
    setPrinted((await run((client) => client.day.printZ({ number }))) !== undefined);
  };
  return (
    <>
      <p role="status">{printed && t('owner.zPrinted')}</p>
      <RefusedNote refused={refused} />
      <Choices>
        <Choice disabled={pending} onPress={() => void print()}>
          {pending ? t('common.working') : t('owner.printZ')}
        </Choice>
      </Choices>
    </>
  );
}

interface ReportsProps {
  readonly reports: readonly DayReport[];
  readonly zone: string | undefined;
}

/** The closed days, newest first; each opens as it was printed. */
function Reports({ reports, zone }: ReportsProps): ReactNode {
  const { t } = useTranslation();
  const [opened, setOpened] = useState<DayReport>();
  return (
    <section className={page['panel']}>
      <h2>{t('owner.reports')}</h2>
      {reports.length === 0 ? (
        <p className={page['note']}>{t('owner.noReports')}</p>
      ) : (
        <table className={page['rows']}>
          <tbody>
            {reports.map((report) => (
              <tr key={report.number}>
                <th scope="row">
                  <button type="button" className={page['open']} onClick={() => setOpened(report)}>
                    {t('owner.z', { n: report.number })}
                  </button>
                </th>
                <td>{report.day}</td>
                <td>{t('common.payments', { count: report.today.sold.count })}</td>
                <td className={page['right']}>{formatMoney(report.today.sold.amount)}</td>
                <td className={report.agreed ? page['good'] : page['bad']}>
                  {report.agreed ? `✓ ${t('owner.agreed')}` : `✕ ${t('owner.differs')}`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {opened && (
        <Sheet title={t('owner.z', { n: opened.number })} onClose={() => setOpened(undefined)} wide>
          <ReportFigures report={opened} zone={zone} />
          <PrintZ number={opened.number ?? 0} />
        </Sheet>
      )}
    </section>
  );
}

interface SettlementProps {
  readonly view: CounterView;
  readonly closing: boolean;
  readonly onClosing: (closing: boolean) => void;
}

const askReport = (client: TerminalClient) => client.day.xReport({});
const askReports = (client: TerminalClient) => client.day.reports({});

/** The batch so far against its books, the close, and the days that were closed. */
export function Settlement({ view, closing, onClosing }: SettlementProps): ReactNode {
  const { t } = useTranslation();
  const zone = view.store?.zone;
  const report = useAsk(askReport, view.seq);
  const reports = useAsk(askReports, view.seq);
  const printing = useAct();
  const [printed, setPrinted] = useState(false);
  const print = async () => {
    setPrinted((await printing.run((client) => client.day.printX({}))) !== undefined);
  };
  return (
    <>
      <header className={page['head']}>
        <h1>{t('owner.settlement')}</h1>
        <i className={page['fill']} />
        <span role="status">{printed && t('owner.xPrinted')}</span>
        <RefusedNote refused={printing.refused} />
        <Choice disabled={printing.pending} onPress={() => void print()}>
          {printing.pending ? t('common.working') : t('owner.printX')}
        </Choice>
        <Choice main onPress={() => onClosing(true)}>
          {t('owner.close')}
        </Choice>
      </header>
      <section className={page['panel']}>
        <h2>{t('owner.soFar')}</h2>
        <RefusedNote refused={report.refused} />
        {report.value && <ReportFigures report={report.value} zone={zone} />}
      </section>
      <RefusedNote refused={reports.refused} />
      {reports.value && <Reports reports={reports.value} zone={zone} />}
      {closing && <CloseSheet zone={zone} onClose={() => onClosing(false)} />}
    </>
  );
}
