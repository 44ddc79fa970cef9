import { createHmac, scrypt, timingSafeEqual } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import { Person, type Role, type Session } from '../../../contract/role.ts';
import type { World } from '../world/world.ts';

/** scrypt at N=2^15, r=8, p=1: about 100 ms on a small machine. */
const COST = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
const TRIES = 5;
const LOCK_MS = 30 * 60_000;

const roles: Record<Person, Role> = { cashier: 'cashier', owner: 'owner', technician: 'technician' };

interface StaffRow {
  readonly person: Person;
  readonly salt: string;
  readonly verifier: string;
  readonly failures: number;
  readonly locked_until: number | null;
}

export type SignedIn =
  | { readonly ok: true; readonly session: Session }
  | { readonly ok: false; readonly code: 'setup-needed' | 'wrong-pin' }
  | { readonly ok: false; readonly code: 'locked-out'; readonly waitMs: number };

/**
 * PINs of the built-in people. The verifier is scrypt over an HMAC of the PIN with the device's own key (the pepper),
 * so that a stolen database alone does not let six digits be tried. Five wrong tries lock for thirty minutes, across restarts.
 */
export class Staff {
  readonly #db: Database;
  readonly #world: Pick<World, 'clock' | 'random'>;
  readonly #pepper: Uint8Array;
  /** When each lock ends on the monotonic clock: setting the wall clock opens none (I20). */
  readonly #unlockAt = new Map<Person, number>();

  constructor(db: Database, world: Pick<World, 'clock' | 'random'>, pepper: Uint8Array) {
    this.#db = db;
    this.#world = world;
    this.#pepper = pepper;
  }

  get known(): boolean {
    return this.#db.prepare('SELECT 1 FROM staff LIMIT 1').get() !== undefined;
  }

  /** Derives the verifiers of all people; slow on purpose. `store` writes them. */
  async derive(pins: Readonly<Record<Person, string>>): Promise<StaffRow[]> {
    return Promise.all(
      Person.options.map(async (person) => {
        const salt = Buffer.from(this.#world.random(16)).toString('hex');
        const verifier = (await this.#stretch(pins[person], salt)).toString('hex');
        return { person, salt, verifier, failures: 0, locked_until: null };
      }),
    );
  }

  store(rows: readonly StaffRow[]): void {
    const insert = this.#db.prepare('INSERT OR REPLACE INTO staff (person, role, salt, verifier) VALUES (?, ?, ?, ?)');
    for (const row of rows) insert.run(row.person, roles[row.person], row.salt, row.verifier);
  }

  async signIn(person: Person, pin: string): Promise<SignedIn> {
    const now = this.#world.clock.now();
    const row = this.#row(person);
    if (!row) return { ok: false, code: 'setup-needed' };
    const waitMs = this.#waitMs(row, now);
    if (waitMs > 0) return { ok: false, code: 'locked-out', waitMs };
    // The try is counted before it is judged: pulling the plug in between gains nothing.
    const failures = (row.locked_until === null ? row.failures : 0) + 1;
    this.#count(person, failures, failures >= TRIES ? now + LOCK_MS : null);
    if (failures >= TRIES) this.#unlockAt.set(person, this.#world.clock.monotonic() + LOCK_MS);
    const verifier = await this.#stretch(pin, row.salt);
    if (timingSafeEqual(verifier, Buffer.from(row.verifier, 'hex'))) {
      this.#count(person, 0, null);
      return { ok: true, session: { person, role: roles[person] } };
    }
    return failures >= TRIES ? { ok: false, code: 'locked-out', waitMs: LOCK_MS } : { ok: false, code: 'wrong-pin' };
  }

  /** How long a lock still holds. One from before the restart is known by wall time alone, and never taken for longer than a lock is. */
  #waitMs({ person, locked_until: lockedUntil }: StaffRow, now: number): number {
    if (lockedUntil === null) {
      this.#unlockAt.delete(person);
      return 0;
    }
    const monotonic = this.#world.clock.monotonic();
    const unlockAt = this.#unlockAt.get(person) ?? monotonic + Math.min(LOCK_MS, lockedUntil - now);
    this.#unlockAt.set(person, unlockAt);
    return unlockAt - monotonic;
  }

  #row(person: Person): StaffRow | undefined {
    return this.#db
      .prepare<[string], StaffRow>('SELECT person, salt, verifier, failures, locked_until FROM staff WHERE person = ?')
      .get(person);
  }

  #count(person: Person, failures: number, lockedUntil: number | null): void {
    this.#db
      .prepare('UPDATE staff SET failures = ?, locked_until = ? WHERE person = ?')
      .run(failures, lockedUntil, person);
  }

  #stretch(pin: string, salt: string): Promise<Buffer> {
    const peppered = createHmac('sha256', this.#pepper).update(pin).digest();
    return new Promise((resolve, reject) => {
      scrypt(peppered, Buffer.from(salt, 'hex'), 32, COST, (error, key) => (error ? reject(error) : resolve(key)));
    });
  }
}
