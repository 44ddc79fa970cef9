import type { TFunction } from 'i18next';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { DeviceView, TestResult } from '../../contract/device.ts';
import { RefusedNote, useAct } from '../ui/frame.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { CardRead } from './card.tsx';
import styles from './device.module.css';

type Values = DeviceView['values'];

/** Figures in words: "42 ms · 312 sent". */
export function valueWords(values: Values, t: TFunction): string {
  return Object.entries(values)
    .filter(([, value]) => value !== '')
    .map(([key, value]) => t([`value.${key}`, 'value.other'], { key, value }))
    .join(' · ');
}

const signs: Record<DeviceView['status'], string> = { ready: '✓', attention: '▲', trouble: '▲', absent: '○' };

/** The last 24 hours, a stroke for each half hour. */
function Strip({ strip }: { readonly strip: DeviceView['strip'] }): ReactNode {
  const { t } = useTranslation();
  const bad = strip.filter((slot) => slot === 'attention' || slot === 'trouble').length;
  return (
    <svg
      className={styles['strip']}
      viewBox={`0 0 ${strip.length * 8} 22`}
      preserveAspectRatio="none"
      role="img"
      aria-label={t('device.stripSummary', { bad })}
    >
      <title>{t('device.last24')}</title>
      {strip.map((slot, place) => {
        const x = place * 8;
        return (
          <rect
            key={x}
            className={styles[slot]}
            x={x}
            y={slot === 'trouble' ? 0 : slot === 'ok' ? 5 : 2}
            width="6"
            height="22"
          />
        );
      })}
    </svg>
  );
}

interface TestSheetProps {
  readonly device: DeviceView;
  readonly result: TestResult;
  readonly onClose: () => void;
}

function TestSheet({ device, result, onClose }: TestSheetProps): ReactNode {
  const { t } = useTranslation();
  const { reason, ...values } = result.values;
  return (
    <Sheet title={t(`device.kind.${device.kind}`)} onClose={onClose} wide={result.card !== undefined}>
      <p className={result.ok ? styles['passed'] : styles['failed']} role="status">
        <span aria-hidden="true">{result.ok ? '✓' : '✕'}</span>{' '}
        {t([`test.${result.code}`, result.ok ? 'test.passed' : 'test.failed'])}
      </p>
      {typeof reason === 'string' && <p>{t([`reason.${reason}`], { defaultValue: reason })}</p>}
      {Object.keys(values).length > 0 && <p className={styles['values']}>{valueWords(values, t)}</p>}
      {result.card && <CardRead card={result.card} />}
    </Sheet>
  );
}

/** One device: state in a word, what to do, what it counted, its last day, its tests. */
export function DeviceCard({ device }: { readonly device: DeviceView }): ReactNode {
  const { t } = useTranslation();
  const act = useAct();
  const [result, setResult] = useState<TestResult>();
  const [running, setRunning] = useState<DeviceView['tests'][number]>();
  const test = async (name: DeviceView['tests'][number]) => {
    setRunning(name);
    const answer = await act.run((client) => client.devices.test({ device: device.id, test: name }));
    setRunning(undefined);
    if (answer) setResult(answer);
  };
  const waiting = running === 'tap' ? 'test.tapNow' : running === 'scan' ? 'test.scanNow' : 'test.running';
  const { class: _, ...figures } = device.values;
  const words = valueWords(device.reader ? figures : device.values, t);
  return (
    <article className={`${styles['device']} ${styles[device.status]}`}>
      <header>
        <h2>{t(`device.kind.${device.kind}`)}</h2>
        {device.virtual && <span className={styles['virtual']}>{t('device.virtual')}</span>}
        <p>{device.name}</p>
      </header>
      <p className={styles['state']}>
        <span aria-hidden="true">{signs[device.status]}</span>
        {t(`device.${device.kind}.${device.state}`, { defaultValue: device.state })}
      </p>
      <p className={styles['remedy']}>{t(`remedy.${device.kind}.${device.state}`, { defaultValue: '' })}</p>
      {device.reader && (
        <p className={styles['force']}>
          {t(`reader.class.${device.reader.class}`)} · {t(`reader.use.${device.reader.use}`)}
        </p>
      )}
      <p className={styles['values']}>{words}</p>
      <i />
      <Strip strip={device.strip} />
      {device.tests.length > 0 && (
        <footer>
          {device.tests.map((name) => (
            <button key={name} type="button" disabled={act.pending} onClick={() => void test(name)}>
              {t(`test.${name}`)}
            </button>
          ))}
          {running !== undefined && <span role="status">{t(waiting)}</span>}
        </footer>
      )}
      <RefusedNote refused={act.refused} />
      {result && <TestSheet device={device} result={result} onClose={() => setResult(undefined)} />}
    </article>
  );
}
