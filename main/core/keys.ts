import type { KeyTaken, KeyView } from '../../contract/key.ts';
import type { Person } from '../../contract/role.ts';
import { dialectOf } from './bank/dialects/named.ts';
import { checkValue, combine, openKeyStore, type Sealer } from './bank/keystore.ts';
import type { AcquirerLink } from './bank/link.ts';
import type { AcquirerProfile } from './bank/profile.ts';
import type { Book } from './ledger/book.ts';
import { Refused } from './refused.ts';
import type { Staff } from './staff/pin.ts';
import type { World } from './world/world.ts';

/** How long a first component waits for the second one. */
const PATIENCE_MS = 10 * 60_000;

export interface KeysParts {
  readonly world: Pick<World, 'clock' | 'storage'>;
  readonly book: Book;
  readonly staff: Pick<Staff, 'signIn'>;
  readonly link: AcquirerLink;
  readonly profile: AcquirerProfile;
  changed(): void;
}

export interface KeyOptions {
  /** Seals a master key that is loaded at the terminal. */
  readonly sealer?: Sealer | undefined;
  /** The master key is not the profile's own. */
  readonly keySealed?: boolean;
}

interface First {
  readonly by: Person;
  readonly component: string;
  readonly check: string;
  readonly until: number;
}

/**
 * The terminal master key under dual control: two different people give one component each, both prove themselves with their
 * own PIN. Neither component is kept beyond the second one or ten minutes, none is ever given back.
 */
export class Keys {
  readonly #parts: KeysParts;
  readonly #idle: () => boolean;
  readonly #sealer: Sealer | undefined;
  readonly #inProfile: boolean;
  #first: First | undefined;
  /** Undefined until somebody asks for it. */
  #check: string | null | undefined;

  /**
   * `idle`: no payment is under way. Without a `sealer` no key is taken. A key that is not `keySealed` stands in the profile,
   * as those of virtual banks do.
   */
  constructor(parts: KeysParts, idle: () => boolean, { sealer, keySealed = false }: KeyOptions) {
    this.#parts = parts;
    this.#idle = idle;
    this.#sealer = sealer;
    const { masterKey } = parts.profile;
    this.#inProfile = masterKey !== undefined && !keySealed;
    this.#check = masterKey === undefined ? null : undefined;
  }

  get #checkValue(): string | null {
    const { masterKey } = this.#parts.profile;
    this.#check ??= masterKey === undefined ? null : checkValue(Buffer.from(masterKey, 'hex'), this.#dialect);
    return this.#check;
  }

  get #dialect(): NonNullable<AcquirerProfile['dialect']> {
    return this.#parts.profile.dialect ?? 'countertap';
  }

  view(): KeyView {
    const first = this.#waiting();
    const check = this.#checkValue;
    const { session } = this.#parts.link;
    return {
      place: this.#inProfile ? 'profile' : check === null ? 'none' : 'sealed',
      sealer: this.#sealer?.kind ?? 'none',
      check,
      algorithm: dialectOf(this.#dialect).mac === 'aes-cmac' ? 'AES-128' : 'TDES-2',
      session: session ? { since: session.since } : null,
      first: first ? { by: first.by, check: first.check } : null,
    };
  }

  cancel(): void {
    this.#first = undefined;
  }

  /**
   * Takes one component, 32 hex digits. The second one makes the key: it is sealed, journalled with its check value, and the
   * line signs on with it. @throws Refused
   */
  async component(person: Person, pin: string, component: string): Promise<KeyTaken> {
    const sealer = this.#sealer;
    if (this.#inProfile) throw new Refused('key-in-profile');
    if (!sealer) throw new Refused('key-unprotected');
    if (person === 'cashier') throw new Refused('not-allowed');
    const proved = await this.#parts.staff.signIn(person, pin);
    if (!proved.ok) throw new Refused(proved.code, undefined, proved.code === 'locked-out' ? proved.waitMs : undefined);
    if (!this.#idle()) throw new Refused('payment-under-way');
    const check = checkValue(Buffer.from(component, 'hex'), this.#dialect);
    const first = this.#waiting();
    if (!first) {
      const until = this.#parts.world.clock.monotonic() + PATIENCE_MS;
      this.#first = { by: person, component, check, until };
      return { check, loaded: null };
    }
    if (first.by === person) throw new Refused('key-same-person');
    return { check, loaded: this.#load(first, component, person, sealer) };
  }

  #waiting(): First | undefined {
    if (this.#first && this.#parts.world.clock.monotonic() >= this.#first.until) this.#first = undefined;
    return this.#first;
  }

  #load(first: First, second: string, person: Person, sealer: Sealer): string {
    const { world, book, link } = this.#parts;
    const combined = combine(first.component, second);
    // A pair that does not fit is over: neither person learns more about the other's half by trying.
    this.#first = undefined;
    if (!combined.ok) throw new Refused('key-component-invalid', combined.code);
    const check = checkValue(combined.key, this.#dialect);
    const note = (type: string, order: 'intent' | 'outcome'): void => {
      const event = { type, check, sealed: sealer.kind, first: first.by, second: person };
      book.commit({ kind: 'setting', at: world.clock.now(), by: person, event, writes: [], transfers: [] }, order);
    };
    // Who did it is in the record before the key can be in force.
    note('key-loading', 'intent');
    openKeyStore(world.storage, sealer).save(combined.key);
    note('key-loaded', 'outcome');
    this.#check = check;
    link.rekey?.(Buffer.from(combined.key).toString('hex'));
    this.#parts.changed();
    return check;
  }
}
