import { StatementError } from './fault.ts';

/** One record: its fields, and the line of the file on which it begins, from 1. */
export interface CsvRow {
  readonly line: number;
  readonly fields: readonly string[];
}

/** Longer fields and wider records are no statement. */
const LARGEST_FIELD = 2_000;
const MOST_FIELDS = 100;

/** Where the reader stands in a field. */
type Place = 'start' | 'bare' | 'quoted' | 'quote';

/**
 * Reads CSV piece by piece (RFC 4180): comma, CRLF or LF, fields in double quotes where they hold a comma, a quote or a
 * line break. Anything looser is refused: a quote inside a bare field, text after a closing quote, an open quote at the end.
 * Empty lines are passed over.
 * @throws StatementError `statement-csv` with the line
 */
export class CsvReader {
  #place: Place = 'start';
  #field = '';
  #fields: string[] = [];
  /** Line on which the reader stands, and on which the record began. */
  #line = 1;
  #from = 1;
  #carriage = false;

  /** Takes the next piece of text and gives back the records that it completes. */
  push(text: string): CsvRow[] {
    const rows: CsvRow[] = [];
    for (let index = 0; index < text.length; index += 1) {
      const plain = this.#plain(text, index);
      if (plain > index) {
        this.#add(text.slice(index, plain));
        index = plain - 1;
        continue;
      }
      const row = this.#take(text[index] ?? '');
      if (row) rows.push(row);
    }
    return rows;
  }

  /** The record at the end of a file that does not end with a line break. */
  end(): CsvRow | undefined {
    if (this.#carriage) throw this.#broken('a carriage return without a line feed');
    if (this.#place === 'quoted') throw new StatementError('statement-csv', this.#from, 'a quote is never closed');
    return this.#fields.length === 0 && this.#place === 'start' ? undefined : this.#row();
  }

  /** The index up to which nothing is special here. */
  #plain(text: string, from: number): number {
    if (this.#carriage || this.#place === 'quote') return from;
    let index = from;
    if (this.#place === 'quoted') {
      while (index < text.length && text[index] !== '"' && text[index] !== '\n') index += 1;
      return index;
    }
    for (; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      // Comma, quote, line feed, carriage return.
      if (code === 44 || code === 34 || code === 10 || code === 13) break;
    }
    return index;
  }

  #add(text: string): void {
    if (this.#place === 'start') this.#place = 'bare';
    this.#field += text;
    if (this.#field.length > LARGEST_FIELD) throw this.#broken('a field is too long');
  }

  #take(char: string): CsvRow | undefined {
    if (this.#carriage && char !== '\n') throw this.#broken('a carriage return without a line feed');
    if (this.#place === 'quoted') {
      if (char === '"') this.#place = 'quote';
      else this.#add(char);
      if (char === '\n') this.#line += 1;
      return undefined;
    }
    switch (char) {
      case ',':
        this.#close();
        return undefined;
      case '\r':
        this.#carriage = true;
        return undefined;
      case '\n':
        return this.#newLine();
      case '"':
        return this.#quote();
      default:
        throw this.#broken('text after a closing quote');
    }
  }

  #quote(): undefined {
    if (this.#place === 'bare') throw this.#broken('a quote inside a bare field');
    if (this.#place === 'quote') this.#field += '"';
    this.#place = 'quoted';
  }

  #newLine(): CsvRow | undefined {
    this.#carriage = false;
    const empty = this.#fields.length === 0 && this.#place === 'start';
    const row = empty ? undefined : this.#row();
    this.#line += 1;
    this.#from = this.#line;
    return row;
  }

  #close(): void {
    this.#fields.push(this.#field);
    this.#field = '';
    this.#place = 'start';
    if (this.#fields.length > MOST_FIELDS) throw this.#broken('too many fields');
  }

  #row(): CsvRow {
    this.#close();
    const row = { line: this.#from, fields: this.#fields };
    this.#fields = [];
    return row;
  }

  #broken(detail: string): StatementError {
    return new StatementError('statement-csv', this.#line, detail);
  }
}
