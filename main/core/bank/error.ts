/** What was wrong with a message. */
export type IsoCode =
  /** The message ends before its fields do. */
  | 'truncated'
  /** Bytes are left after the last field. */
  | 'trailing'
  /** A bitmap that contradicts itself: an empty secondary one, bit 65, characters that are no hex. */
  | 'bitmap'
  | 'undefined-field'
  /** A length indicator that is no number or is more than the field holds; a value too long or too short. */
  | 'length'
  /** Something else than digits in a numeric field, or a pad nibble that is not zero. */
  | 'digits'
  /** Characters the field's format does not have. */
  | 'characters'
  | 'too-long';

export class IsoError extends Error {
  override name = 'IsoError';
  readonly code: IsoCode;
  /** The data element, 0 for the MTI, 1 for the bitmaps. */
  readonly field: number;
  constructor(code: IsoCode, field: number, detail: string) {
    super(field > 1 ? `DE ${field}: ${detail}` : detail);
    this.code = code;
    this.field = field;
  }
}
