import type { i18n } from 'i18next';
import { formatMoney, type Money } from '../../../contract/money.ts';
import type { Reconciliation as Result } from '../../../contract/reconciliation.ts';
import { localTime } from '../ledger/day.ts';

/** What stands on the page beside the result. */
export interface PageContext {
  readonly words: i18n;
  readonly language: string;
  readonly store: string;
  readonly terminal: string;
  readonly zone: string;
  readonly at: number;
}

/** Text as it may stand in HTML, in an attribute too. */
export function escaped(text: string): string {
  const names: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (char) => names[char] ?? '');
}

const style = `@page { size: A4 landscape; margin: 14mm }
body { font: 10pt/1.45 system-ui, "Noto Sans SC", "Microsoft YaHei", sans-serif; color: #1b1a18; margin: 0 }
h1 { font-size: 16pt; margin: 0 } h2 { font-size: 11pt; margin: 7mm 0 2mm }
p { margin: 1mm 0; color: #55524b } table { border-collapse: collapse; width: 100% }
th, td { text-align: start; padding: 1.2mm 2mm; border-bottom: .2mm solid #dad7d0; vertical-align: top }
th { font-weight: 600 } .n { text-align: end; font-variant-numeric: tabular-nums; white-space: nowrap }
thead { display: table-header-group } tr { break-inside: avoid }
.counts { display: flex; gap: 12mm; margin-top: 5mm } .counts b { display: block; font-size: 15pt }
.bad { color: #a8221b; font-weight: 600 } .good { color: #0a6b43; font-weight: 600 } .mono { font-family: monospace; overflow-wrap: anywhere }`;

/** The result as one page of HTML for paper or PDF: nothing outside it is needed, and no script is in it. */
export function pageOf(result: Result, context: PageContext): string {
  const { words, store, terminal } = context;
  const word = (key: string, values: Readonly<Record<string, string | number>> = {}): string =>
    escaped(words.t(`reconciliation.${key}`, values));
  const { statement } = result;
  const head = [escaped(store), escaped(terminal), word('days', { from: statement.from, to: statement.to })];
  return `<!doctype html>
<html lang="${escaped(context.language)}"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${word('title')} ${escaped(statement.to)}</title><style>${style}</style></head><body>
<h1>${word('title')}</h1><p>${head.join(' · ')}</p>
<p>${word('statement', { n: statement.no, name: statement.name })} · ${word('printed', { time: timeText(context) })}</p>
${counts(result, word)}${explained(result, word)}${deposits(result, word)}${table(result, word, words)}
<p class="mono">${word('fileHash')} ${escaped(statement.hash)}</p></body></html>
`;
}

type Word = (key: string, values?: Readonly<Record<string, string | number>>) => string;

function timeText({ at, zone }: PageContext): string {
  const { date, hour, minute } = localTime(at, zone);
  return `${date} ${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
}

function sum(amount: Money | null): string {
  return amount === null ? '' : escaped(formatMoney(amount));
}

function counts(result: Result, word: Word): string {
  const one = (name: 'agreed' | 'differs' | 'waiting'): string =>
    `<div>${word(name)}<b>${result[name].count}</b>${sum(result[name].amount)}</div>`;
  return `<div class="counts">${(['agreed', 'differs', 'waiting'] as const).map(one).join('')}</div>`;
}

function explained(result: Result, word: Word): string {
  const row = (name: string, count: number | string, amount: Money, look = ''): string =>
    `<tr><td>${name}</td><td class="n">${count}</td><td class="n ${look}">${sum(amount)}</td></tr>`;
  const rest = result.unexplained.minor === 0 ? 'good' : 'bad';
  return `<h2>${word('explained')}</h2><table>${row(word('till'), result.till.count, result.till.amount)}${result.explained
    .map(({ reason, count, amount }) => row(word(`reason.${reason}`), count, amount))
    .join(
      '',
    )}${row(word('bank'), result.bank.count, result.bank.amount)}${row(word('unexplained'), '', result.unexplained, rest)}</table>`;
}

function deposits(result: Result, word: Word): string {
  if (result.deposits.length === 0) return '';
  const heads = ['day', 'gross', 'fees', 'net', 'paid', 'verdictColumn'].map(
    (name, index) => `<th${index > 0 && index < 5 ? ' class="n"' : ''}>${word(name)}</th>`,
  );
  const rows = result.deposits.map(({ day, gross, fees, net, paid, verdict, reason, posted, open }) => {
    const state = posted ? word('posted') : open > 0 ? word('notPosted', { n: open }) : word('notYet');
    const why = reason === null ? '' : ` · ${word(`reason.${reason}`)}`;
    const figures = [gross, fees, net, paid].map((amount) => `<td class="n">${sum(amount)}</td>`).join('');
    return `<tr><td>${escaped(day)}</td>${figures}<td>${word(`verdict.${verdict}`)}${why} · ${state}</td></tr>`;
  });
  return `<h2>${word('deposits')}</h2><table><thead><tr>${heads.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function table({ lines, more }: Result, word: Word, words: i18n): string {
  if (lines.length === 0) return `<h2>${word('lines')}</h2><p>${word('allAgreed')}</p>`;
  const heads = [
    'verdictColumn',
    'reasonColumn',
    'nextColumn',
    'kindColumn',
    'day',
    'rrn',
    'tillAmount',
    'bankAmount',
    'fee',
  ];
  const rows = lines.map((line) => {
    const { reason, done } = line;
    const why = reason === null ? '' : word(`reason.${reason}`);
    const next = done
      ? word('doneBy', { by: words.t(`person.${done.by}`, { defaultValue: done.by }), how: done.how })
      : reason === null
        ? ''
        : word(`next.${reason}`);
    const own = line.receiptNo === null ? '' : `<br>${word('receiptNo')} ${escaped(line.receiptNo)}`;
    return `<tr><td class="${line.verdict === 'differs' ? 'bad' : ''}">${word(`verdict.${line.verdict}`)}</td><td>${why}</td><td>${next}</td>
<td>${word(`kind.${line.kind}`)}</td><td>${escaped(`${line.day} ${line.time}`)}</td><td>${escaped(line.rrn)}${own}</td>
<td class="n">${sum(line.till)}</td><td class="n">${sum(line.bank)}</td><td class="n">${sum(line.fee)}</td></tr>`;
  });
  return `<h2>${word('lines')}</h2><table><thead><tr>${heads
    .map((name) => `<th>${word(name)}</th>`)
    .join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>${more ? `<p>${word('more')}</p>` : ''}`;
}
