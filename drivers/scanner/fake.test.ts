import { describeScanner } from './contract.ts';
import { openFakeScanner } from './fake.ts';
import { openKeyboardScanner } from './keyboard.ts';

describeScanner(
  'fake',
  async () => {
    const scanner = openFakeScanner();
    const { scan, unplug, plug } = scanner;
    return {
      scanner,
      scan: scan.bind(scanner),
      unplug: unplug.bind(scanner),
      plug: plug.bind(scanner),
      close: () => scanner.close(),
    };
  },
  { unplug: true },
);

describeScanner(
  'keyboard',
  async () => {
    const scanner = openKeyboardScanner();
    return { scanner, scan: (text) => scanner.typed(`${text}\r`), close: () => scanner.close() };
  },
  { unplug: false },
);
