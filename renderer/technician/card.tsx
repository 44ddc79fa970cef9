import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { TestResult } from '../../contract/device.ts';
import { reasonText } from '../ui/write.tsx';
import styles from './card.module.css';

type Card = NonNullable<TestResult['card']>;
type Tag = Card['tags'][number];

/** "12/29" of YYMM. */
function expiryText(expiry: string): string {
  return /^\d{4}$/.test(expiry) ? `${expiry.slice(2)}/${expiry.slice(0, 2)}` : expiry;
}

/** The kernel that read the card: 0 is the bank's own wallet, which none of them read. */
function kernelText(t: TFunction, kernel: number): string {
  return kernel === 0 ? t('card.noKernel') : t('card.kernel', { n: kernel });
}

/** How authentication went: by what, and where it failed. */
function odaText(t: TFunction, { method, result, step, reason }: Card['oda']): string {
  const by = method === 'none' ? undefined : t(`card.method.${method}`, { defaultValue: method });
  const place = step === undefined ? undefined : t(`card.step.${step}`, { defaultValue: step });
  return [t(`card.result.${result}`), by, place, reason].filter(Boolean).join(' · ');
}

function decisionText(t: TFunction, { decision, reason }: Card): string {
  const what = t(`card.decided.${decision}`);
  return reason === null ? what : `${what} · ${reasonText(reason, t)}`;
}

/** Things that may come twice, each with a name of its own for React. */
function numbered<T>(things: readonly T[]): readonly { readonly place: number; readonly thing: T }[] {
  return things.map((thing, place) => ({ place, thing }));
}

function Leaf({ tag }: { readonly tag: Tag }): ReactNode {
  return (
    <li className={styles['leaf']}>
      <code>{tag.tag}</code>
      <span>{tag.name}</span>
      <code className={styles['value']}>
        {tag.value}
        {tag.text !== undefined && <em> {tag.text}</em>}
      </code>
    </li>
  );
}

interface BranchProps {
  readonly exchange: Card['exchanges'][number];
  readonly tags: readonly Tag[];
  readonly longest: number;
}

/** One exchange: its command and time, and what it brought. */
function Branch({ exchange, tags, longest }: BranchProps): ReactNode {
  const head = (
    <>
      <b>{exchange.command}</b>
      <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        <rect width={(exchange.ms / longest) * 100} height="10" />
      </svg>
      <span className={styles['time']}>{exchange.ms.toFixed(1)} ms</span>
    </>
  );
  if (tags.length === 0) return <li className={styles['bare']}>{head}</li>;
  return (
    <li>
      <details open>
        <summary>{head}</summary>
        <ul>
          {numbered(tags).map(({ place, thing }) => (
            <Leaf key={place} tag={thing} />
          ))}
        </ul>
      </details>
    </li>
  );
}

/** A card as it was read: what it is and what would have come of it, then each exchange with its time and its data. */
export function CardRead({ card }: { readonly card: Card }): ReactNode {
  const { t } = useTranslation();
  const longest = Math.max(1, ...card.exchanges.map((exchange) => exchange.ms));
  const { type, value, atc } = card.cryptogram;
  const facts: readonly (readonly [string, string])[] = [
    [t('card.application'), `${card.aid} · ${kernelText(t, card.kernel)}`],
    [t('card.pan'), `${card.maskedPan} · ${t('card.expiry')} ${expiryText(card.expiry)}`],
    [t('card.oda'), odaText(t, card.oda)],
    [t('card.cvm'), t(`card.verified.${card.cvm}`, { defaultValue: card.cvm })],
    [t('card.cryptogram'), `${type} · ${value} · ${t('card.counter', { n: atc })}`],
    [t('card.decision'), decisionText(t, card)],
    ...(card.choices.length > 0 ? [[t('card.choices'), card.choices.join(', ')] as const] : []),
  ];
  return (
    <section className={styles['card']}>
      <p className={styles['name']}>
        <b>{card.label}</b> {t(`scheme.${card.scheme}`, { defaultValue: card.scheme })}
      </p>
      {card.unsignedKeys && <p className={styles['unsigned']}>{t('card.unsignedKeys')}</p>}
      <dl className={styles['facts']}>
        {facts.map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <h3>{t('card.exchanges')}</h3>
      <ul className={styles['tree']}>
        {numbered(card.exchanges).map(({ place, thing: exchange }) => (
          <Branch
            key={place}
            exchange={exchange}
            longest={longest}
            tags={card.tags.filter(({ from }) => from === exchange.command)}
          />
        ))}
      </ul>
    </section>
  );
}
