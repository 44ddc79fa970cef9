import type { Database } from 'better-sqlite3';
import { Currency, type Currency as CurrencyCode } from '../../../contract/money.ts';
import { z } from '../../../contract/schema.ts';
import { prepared } from './statement.ts';

const dayCut = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/);

/** What the store decided at first start. */
export const StoreSettings = z.object({
  name: z.string().min(1).max(40),
  terminal: z.string().regex(/^\d{2}$/),
  dayCut,
  zone: z.string(),
  currency: Currency,
  language: z.enum(['zh-CN', 'en']),
});
export type StoreSettings = z.infer<typeof StoreSettings>;

/** What a terminal goes by that has not been set up: enough for the command line. */
export function defaultSettings(currency: CurrencyCode, zone: string): StoreSettings {
  return { name: 'Countertap', terminal: '01', dayCut: '04:00', zone, currency, language: 'zh-CN' };
}

/** Reads one setting, undefined when it was never made. */
export function readSetting(db: Database, name: string): string | undefined {
  return prepared<[string], { value: string }>(db, 'SELECT value FROM setting WHERE name = ?').get(name)?.value;
}

/** The store's settings, undefined before the first start was completed. */
export function readStore(db: Database): StoreSettings | undefined {
  const text = readSetting(db, 'store');
  return text === undefined ? undefined : StoreSettings.parse(JSON.parse(text));
}
