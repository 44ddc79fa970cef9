import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CounterView } from '../../contract/counter.ts';
import { Bar } from '../ui/bar.tsx';
import { useFeed } from '../ui/frame.tsx';
import page from '../ui/page.module.css';
import { QueueBanners } from '../ui/queue.tsx';
import { Choice } from '../ui/sheet.tsx';
import { DeviceCard } from './device.tsx';
import styles from './technician.module.css';
import { VerifySheet } from './verify.tsx';

interface TechnicianProps {
  readonly view: CounterView;
  readonly onLanguage: () => void;
}

/** The technician's board: every device with its state, what to do, its last day and its tests. */
export function Technician({ view, onLanguage }: TechnicianProps): ReactNode {
  const { t } = useTranslation();
  const { value: devices } = useFeed((client, signal) => client.devices.watch({}, { signal }));
  const [verifying, setVerifying] = useState(false);
  return (
    <div className={styles['bench']}>
      <Bar view={view} onLanguage={onLanguage} />
      <main className={styles['main']}>
        <QueueBanners view={view} />
        <header className={page['head']}>
          <h1>{t('device.title')}</h1>
          <i className={page['fill']} />
          <Choice main onPress={() => setVerifying(true)}>
            {t('verify.title')}
          </Choice>
        </header>
        {devices === undefined && <p className={page['note']}>{t('common.loading')}</p>}
        <div className={styles['board']}>
          {devices?.map((device) => (
            <DeviceCard key={device.id} device={device} />
          ))}
        </div>
      </main>
      {verifying && <VerifySheet onClose={() => setVerifying(false)} />}
    </div>
  );
}
