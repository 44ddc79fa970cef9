import { checkCode } from './code.ts';
import type { Scan, Scanner, ScannerState } from './scanner.ts';

/** The part that all scanner families share: state, listeners, and the check that every code passes. */
export class CodeSource implements Scanner {
  readonly name: string;
  readonly #changes = new Set<() => void>();
  readonly #scans = new Set<(scan: Scan) => void>();
  readonly #rejects = new Set<(reason: string) => void>();
  #state: ScannerState;

  constructor(name: string, state: ScannerState = { status: 'ready' }) {
    this.name = name;
    this.#state = state;
  }

  get state(): ScannerState {
    return this.#state;
  }

  onChange(listener: () => void): () => void {
    this.#changes.add(listener);
    return () => this.#changes.delete(listener);
  }

  onScan(listener: (scan: Scan) => void): () => void {
    this.#scans.add(listener);
    return () => this.#scans.delete(listener);
  }

  onReject(listener: (reason: string) => void): () => void {
    this.#rejects.add(listener);
    return () => this.#rejects.delete(listener);
  }

  async close(): Promise<void> {
    for (const listeners of [this.#changes, this.#scans, this.#rejects]) listeners.clear();
  }

  become(state: ScannerState): void {
    if (JSON.stringify(state) === JSON.stringify(this.#state)) return;
    this.#state = state;
    for (const listener of this.#changes) listener();
  }

  /** Something was read: hands it on if it is a code. */
  read(raw: string): void {
    const check = checkCode(raw);
    if (!check.ok) this.reject(check.reason);
    else for (const listener of this.#scans) listener({ text: check.text, scanner: this.name });
  }

  reject(reason: string): void {
    for (const listener of this.#rejects) listener(reason);
  }
}
