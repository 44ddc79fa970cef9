import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CounterView } from '../../contract/counter.ts';
import { compare, formatMoney, type Money } from '../../contract/money.ts';
import { equalParts, type SaleView } from '../../contract/sale.ts';
import form from '../ui/confirm.module.css';
import { Confirm, needsOwner, ownerPin } from '../ui/confirm.tsx';
import { RefusedNote, useAct } from '../ui/frame.tsx';
import { Choice, Choices, Sheet } from '../ui/sheet.tsx';
import { Mark } from '../ui/sign.tsx';
import { MoneyText, paidBy } from '../ui/write.tsx';
import styles from './split.module.css';

/** How a sale was divided, as long as this till remembers: into so many equal parts, or by whatever is typed. */
export interface Division {
  readonly sale: string;
  readonly parts: number;
}

/** What Enter takes when nothing is typed: the next of the equal parts, else all that is left. */
export function suggested(sale: SaleView, division: Division | undefined): Money {
  if (division?.sale !== sale.id) return sale.owed;
  const taken = sale.parts.filter(({ outcome }) => outcome === 'approved' || outcome === 'offline').length;
  const next = equalParts(sale.total, division.parts)[taken];
  return next && compare(next, sale.owed) < 0 && taken < division.parts - 1 ? next : sale.owed;
}

interface BarProps {
  readonly sale: SaleView;
  readonly next: Money;
  readonly onDrop: () => void;
  readonly onCancel: (payment: string) => void;
  readonly onAsk: () => void;
}

/** The sale that is being paid in parts: what is left, large, and the parts so far. */
export function SplitBar({ sale, next, onDrop, onCancel, onAsk }: BarProps): ReactNode {
  const { t } = useTranslation();
  const unknown = sale.unknown;
  return (
    <section className={styles['bar']} aria-label={t('split.title')}>
      <dl className={styles['sums']}>
        <div>
          <dt>{t('split.total')}</dt>
          <dd>{formatMoney(sale.total)}</dd>
        </div>
        <div>
          <dt>{t('split.paid')}</dt>
          <dd>{formatMoney(sale.paid)}</dd>
        </div>
        <div className={styles['owed']}>
          <dt>{t('split.owed')}</dt>
          <dd>{formatMoney(sale.owed)}</dd>
        </div>
      </dl>
      <ul className={styles['parts']}>
        {sale.parts.map((part) => (
          <li key={part.id}>
            <Mark outcome={part.outcome} /> {formatMoney(part.amount)} {paidBy(part, t)}
          </li>
        ))}
      </ul>
      {unknown === null ? (
        <div className={styles['row']}>
          <p>{t('split.next', { amount: formatMoney(next) })}</p>
          <Choice onPress={onDrop}>{t('split.drop')}</Choice>
        </div>
      ) : (
        <div className={styles['row']}>
          <p>{t('split.unknown')}</p>
          <Choice onPress={onAsk}>{t('result.action.ask')}</Choice>
          <Choice onPress={() => onCancel(unknown)}>{t('split.cancelFirst')}</Choice>
        </div>
      )}
    </section>
  );
}

interface SplitProps {
  readonly total: Money;
  readonly onClose: () => void;
  readonly onBegun: (division: Division | undefined) => void;
}

const divisions = [2, 3, 4, 5, 6] as const;

/** Into equal parts, or one amount after the other. The first part takes what does not divide. */
export function SplitSheet({ total, onClose, onBegun }: SplitProps): ReactNode {
  const { t } = useTranslation();
  const act = useAct();
  const [key] = useState(() => crypto.randomUUID());
  const begin = async (parts: number | undefined) => {
    const sale = await act.run((client) => client.sale.split({ key, total }));
    if (sale) onBegun(parts === undefined ? undefined : { sale: sale.id, parts });
  };
  return (
    <Sheet title={t('split.title')} onClose={onClose}>
      <p className={form['sum']}>
        <MoneyText amount={total} />
      </p>
      <h3 className={form['label']}>{t('split.equal')}</h3>
      <Choices>
        {divisions
          .filter((parts) => parts <= total.minor)
          .map((parts) => {
            const [first = total, second = total] = equalParts(total, parts);
            const each =
              compare(first, second) === 0 ? formatMoney(second) : `${formatMoney(first)} + ${formatMoney(second)}`;
            return (
              <Choice key={parts} disabled={act.pending} onPress={() => void begin(parts)}>
                {t('split.parts', { n: parts, each })}
              </Choice>
            );
          })}
      </Choices>
      <RefusedNote refused={act.refused} />
      <Choices>
        <Choice main focused disabled={act.pending} onPress={() => void begin(undefined)}>
          {t('split.byAmount')} <kbd>Enter</kbd>
        </Choice>
        <Choice onPress={onClose}>{t('common.cancel')}</Choice>
      </Choices>
    </Sheet>
  );
}

interface DropProps {
  readonly view: CounterView;
  readonly sale: SaleView;
  readonly onClose: () => void;
}

/** Gives the sale up: says what goes back, and asks the owner where something was paid. */
export function DropSheet({ view, sale, onClose }: DropProps): ReactNode {
  const { t } = useTranslation();
  const paid = sale.paid.minor > 0;
  return (
    <Sheet title={t('split.drop')} onClose={onClose}>
      <Confirm
        pin={paid && needsOwner(view) ? t('void.ownerPin') : undefined}
        pinFirst
        word={t('split.drop')}
        ask={(client, pin) => client.sale.drop({ sale: sale.id, ...ownerPin(pin) })}
        onDone={onClose}
        onBack={onClose}
      >
        <p>{paid ? t('split.dropPaid', { paid: formatMoney(sale.paid) }) : t('split.dropNothing')}</p>
      </Confirm>
    </Sheet>
  );
}
