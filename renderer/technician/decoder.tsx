import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { DecodedMessage, MessageRead } from '../../contract/key.ts';
import { RefusedNote, useAct } from '../ui/frame.tsx';
import page from '../ui/page.module.css';
import { Choice, Choices, Sheet } from '../ui/sheet.tsx';
import styles from './decoder.module.css';

function macText(mac: NonNullable<DecodedMessage['mac']>): string {
  return mac.right === null ? 'decoder.macUnchecked' : mac.right ? 'decoder.macRight' : 'decoder.macWrong';
}

function Message({ message }: { readonly message: DecodedMessage }): ReactNode {
  const { t } = useTranslation();
  const { mac } = message;
  return (
    <>
      <p>
        <b className={page['mono']}>{message.mti}</b> · {t('decoder.length', { n: message.length })} · {message.dialect}
        {message.header !== '' && (
          <>
            {' · '}
            {t('decoder.header')} <span className={page['mono']}>{message.header}</span>
          </>
        )}
      </p>
      <p className={mac?.right === false ? page['bad'] : mac?.right ? page['good'] : page['note']}>
        {mac ? t(macText(mac), { field: mac.field, scheme: mac.scheme }) : t('decoder.noMac')}
      </p>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('decoder.field')}</th>
            <th scope="col">{t('decoder.name')}</th>
            <th scope="col">{t('decoder.format')}</th>
            <th scope="col">{t('decoder.value')}</th>
          </tr>
        </thead>
        <tbody>
          {message.fields.map(({ number, name, format, value }) => (
            <tr key={number}>
              <th scope="row">{number}</th>
              <td>{t(`isoField.${number}`, { defaultValue: name })}</td>
              <td className={page['mono']}>{format}</td>
              <td className={page['mono']}>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

/** Takes one message of the line apart: type, fields by number and name, card data masked, MAC checked. */
export function DecoderSheet({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  const act = useAct();
  const [hex, setHex] = useState('');
  const [read, setRead] = useState<MessageRead>();
  const decode = async () => setRead(await act.run((client) => client.messages.decode({ hex: hex.trim() })));
  return (
    <Sheet title={t('decoder.title')} onClose={onClose} wide>
      <form
        className={styles['form']}
        onSubmit={(event) => {
          event.preventDefault();
          if (hex.trim() !== '' && !act.pending) void decode();
        }}
      >
        <label>
          {t('decoder.hex')}
          <textarea
            rows={4}
            spellCheck={false}
            maxLength={20_000}
            value={hex}
            onChange={(event) => setHex(event.target.value)}
          />
        </label>
        <Choices>
          <Choice submit main disabled={hex.trim() === '' || act.pending}>
            {t('decoder.decode')}
          </Choice>
        </Choices>
      </form>
      <RefusedNote refused={act.refused} />
      {read && !read.ok && (
        <p role="alert" className={page['bad']}>
          {t('decoder.unreadable')} <span lang="en">{read.detail}</span>
        </p>
      )}
      {read?.ok && <Message message={read.message} />}
    </Sheet>
  );
}
