import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Outcome } from '../../contract/payment.ts';
import styles from './sign.module.css';

/** One shape for each outcome, drawn in a field of 120 by 120. */
const shapes: Record<Outcome, string> = {
  approved: 'M36 62 53 80 86 42',
  offline: 'M60 88v.1M60 74v.1M60 60V38M41 55 60 36 79 55',
  declined: 'M42 42 78 78M78 42 42 78',
  cancelling: 'M42 50A24 24 0 1 1 37 66M40 32V51H59',
  cancelled: 'M38 60H82',
  unknown: 'M46 48a14 14 0 1 1 21 12q-7 4-7 11M60 86v.1',
  voiding: 'M42 50A24 24 0 1 1 37 66M40 32V51H59',
  voided: 'M50 40 34 55 50 70M36 55H72A15 15 0 0 1 72 85H54',
  'void-refused': 'M42 42 78 78M78 42 42 78',
  refunding: 'M42 50A24 24 0 1 1 37 66M40 32V51H59',
  refunded: 'M50 40 34 55 50 70M36 55H72A15 15 0 0 1 72 85H54',
  'refund-refused': 'M42 42 78 78M78 42 42 78',
  authorized: 'M44 56V48a16 16 0 0 1 32 0v8M40 56H80V84H40Z',
  open: 'M38 60v.1M60 60v.1M82 60v.1',
};

/** The large sign of a result. */
export function Sign({ outcome }: { readonly outcome: Outcome }): ReactNode {
  return (
    <svg className={styles['sign']} viewBox="0 0 120 120" aria-hidden="true">
      <circle className={outcome === 'offline' ? styles['dotted'] : styles['ring']} cx="60" cy="60" r="56" />
      <path className={styles['stroke']} d={shapes[outcome]} />
    </svg>
  );
}

/** The small mark at the end of a line, with its word for those who do not see it. */
export function Mark({ outcome }: { readonly outcome: Outcome }): ReactNode {
  const { t } = useTranslation();
  return (
    <svg
      className={`${styles['mark']} ${styles[outcome]}`}
      viewBox="26 26 68 68"
      role="img"
      aria-label={t(`outcome.${outcome}`)}
    >
      <title>{t(`outcome.${outcome}`)}</title>
      <path d={shapes[outcome]} />
    </svg>
  );
}

/** The reader's field: hold card or phone here. */
export function TapMark(): ReactNode {
  return (
    <svg className={styles['field']} viewBox="0 0 148 148" aria-hidden="true">
      <circle className={styles['core']} cx="74" cy="74" r="40" />
      <circle className={styles['wave']} cx="74" cy="74" r="40" />
      <circle className={styles['wave']} cx="74" cy="74" r="55" opacity="0.45" />
      <circle className={styles['wave']} cx="74" cy="74" r="70" opacity="0.18" />
      <path className={styles['air']} d="M62 88c6-8 6-20 0-28M72 94c9-12 9-28 0-40M82 100c12-16 12-36 0-52" />
    </svg>
  );
}

/** The scanner's frame: show the code here. */
export function CodeMark(): ReactNode {
  return (
    <svg className={styles['field']} viewBox="0 0 148 148" aria-hidden="true">
      <path className={styles['corner']} d="M8 44V8H44M104 8H140V44M140 104V140H104M44 140H8V104" />
      <path className={styles['wave']} d="M36 74H112" />
    </svg>
  );
}
