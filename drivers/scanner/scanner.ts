/** Code scanners as the core sees them. */

export interface Scan {
  readonly text: string;
  /** Which scanner read it, as the technician's screen names it. */
  readonly scanner: string;
}

export type ScannerState = { readonly status: 'ready' } | { readonly status: 'absent'; readonly detail: string };

export interface Scanner {
  readonly name: string;
  readonly state: ScannerState;
  onChange(listener: () => void): () => void;
  /** Called with every code read, already checked: printable, 1 to 4,096 characters, no terminator. */
  onScan(listener: (scan: Scan) => void): () => void;
  /** Called when something was read that is no code (control bytes, too long). */
  onReject(listener: (reason: string) => void): () => void;
  close(): Promise<void>;
}
