import { openPcscReaders } from '../../drivers/nfc/pcsc.ts';

// Says a line for everything that the reader named on the command line does, until it is killed. For tests that stop it.
const reader = process.argv[2] ?? '';
const readers = openPcscReaders({ allowVirtual: true, only: reader });
const say = (line: string): void => void process.stdout.write(`${line}\n`);
readers.onChange(() => say(readers.list()[0]?.state.status ?? readers.state.status));
for (;;) {
  const card = await readers.nextCard(new AbortController().signal, reader);
  const answer = await card?.transmit(Uint8Array.of(0x00, 0xa4, 0x04, 0x00, 0x00), 2_000);
  say(answer?.ok === true ? 'read' : `failed ${answer?.ok === false ? answer.fault : ''}`);
  card?.release();
}
