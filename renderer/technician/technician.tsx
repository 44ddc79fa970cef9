import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CounterView } from '../../contract/counter.ts';
import { Alarm } from '../ui/alarm.tsx';
import { Bar } from '../ui/bar.tsx';
import { useFeed } from '../ui/frame.tsx';
import page from '../ui/page.module.css';
import { QueueBanners } from '../ui/queue.tsx';
import { Choice } from '../ui/sheet.tsx';
import { DecoderSheet } from './decoder.tsx';
import { DeviceCard } from './device.tsx';
import { KeySheet } from './key.tsx';
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
  const [sheet, setSheet] = useState<'verify' | 'key' | 'decoder'>();
  const close = () => setSheet(undefined);
  return (
    <div className={styles['bench']}>
      <Bar view={view} onLanguage={onLanguage} />
      <main className={styles['main']}>
        {view.stopped !== null && <Alarm reason={view.stopped} />}
        <QueueBanners view={view} />
        <header className={page['head']}>
          <h1>{t('device.title')}</h1>
          <i className={page['fill']} />
          <Choice onPress={() => setSheet('key')}>{t('key.title')}</Choice>
          <Choice onPress={() => setSheet('decoder')}>{t('decoder.title')}</Choice>
          <Choice main onPress={() => setSheet('verify')}>
            {t('verify.title')}
          </Choice>
        </header>
        {view.notices
          .filter(({ code }) => code === 'backup-failed')
          .map(({ code }) => (
            <p key={code} className={page['note']} role="status">
              <b>{t(`notice.${code}`)}</b> {t(`noticeRemedy.${code}`)}
            </p>
          ))}
        {devices === undefined && <p className={page['note']}>{t('common.loading')}</p>}
        <div className={styles['board']}>
          {devices?.map((device) => (
            <DeviceCard key={device.id} device={device} />
          ))}
        </div>
      </main>
      {sheet === 'verify' && <VerifySheet onClose={close} />}
      {sheet === 'key' && <KeySheet zone={view.store?.zone} line={view.line.status} onClose={close} />}
      {sheet === 'decoder' && <DecoderSheet onClose={close} />}
    </div>
  );
}
