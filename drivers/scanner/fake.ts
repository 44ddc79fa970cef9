import type { Scanner } from './scanner.ts';
import { CodeSource } from './source.ts';

export interface FakeScanner extends Scanner {
  scan(text: string): void;
  unplug(): void;
  plug(): void;
}

/** A scanner in memory. */
export function openFakeScanner(name = 'Fake scanner'): FakeScanner {
  return new MemorySource(name);
}

class MemorySource extends CodeSource implements FakeScanner {
  scan(text: string): void {
    if (this.state.status === 'ready') this.read(text);
  }

  unplug(): void {
    this.become({ status: 'absent', detail: 'unplugged' });
  }

  plug(): void {
    this.become({ status: 'ready' });
  }
}
