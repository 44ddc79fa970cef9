/** The part of the npm package that is measured; it ships no types. */
declare module 'iso_8583' {
  class Iso8583 {
    constructor(fields?: Readonly<Record<string, string>>);
    getBufferMessage(): unknown;
    getIsoJSON(message: unknown, config: object): unknown;
  }
  export = Iso8583;
}
