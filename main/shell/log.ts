import { appendFileSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The shell's own record: what was started, refused and lost. Nothing about money is written here. */
export interface Log {
  readonly write: (event: string, detail?: Readonly<Record<string, string | number | boolean>>) => void;
}

const LARGEST_BYTES = 1_000_000;

/** Takes out every run of 13 to 19 digits, also with spaces or dashes between them: it may be a card number. */
export function redact(text: string): string {
  return text.replace(/(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)/g, '[removed]').replace(/\d{20,}/g, '[removed]');
}

/**
 * Opens `shell.log` in `folder`, one JSON object a line. The last one is kept beside it when it has grown over 1 MB.
 * A disk that refuses is said on standard error: the terminal goes on without its log.
 */
export function openLog(folder: string): Log {
  const path = join(folder, 'shell.log');
  const trouble = (error: unknown) =>
    process.stderr.write(
      `The log cannot be written: ${redact(error instanceof Error ? error.message : String(error))}\n`,
    );
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > LARGEST_BYTES) {
      rmSync(`${path}.1`, { force: true });
      renameSync(path, `${path}.1`);
    }
  } catch (error) {
    trouble(error);
  }
  return {
    write: (event, detail = {}) => {
      const safe = Object.entries(detail).map(([name, value]) => [
        name,
        typeof value === 'string' ? redact(value) : value,
      ]);
      try {
        const line = JSON.stringify({ at: new Date().toISOString(), event, ...Object.fromEntries(safe) });
        appendFileSync(path, `${line}\n`, { mode: 0o600 });
      } catch (error) {
        trouble(error);
      }
    },
  };
}
