import { create } from 'qrcode';
import { type ReactNode, useMemo } from 'react';
import styles from './qr.module.css';

/** Modules of quiet around the code (ISO/IEC 18004 clause 5.3.8). */
const QUIET = 4;

/** The dark modules as one path, a square each. */
function pathOf(text: string): { readonly size: number; readonly path: string } {
  const { size, data } = create(text, { errorCorrectionLevel: 'M' }).modules;
  let path = '';
  for (let at = 0; at < data.length; at += 1) {
    if (data[at]) path += `M${(at % size) + QUIET} ${Math.floor(at / size) + QUIET}h1v1h-1z`;
  }
  return { size: size + 2 * QUIET, path };
}

/** A QR code, dark on white in every theme: scanners do not read it the other way round. */
export function Qr({ text, label }: { readonly text: string; readonly label: string }): ReactNode {
  const { size, path } = useMemo(() => pathOf(text), [text]);
  return (
    <svg className={styles['qr']} viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} data-code={text}>
      <rect width={size} height={size} className={styles['quiet']} />
      <path d={path} className={styles['module']} />
    </svg>
  );
}
