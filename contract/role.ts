import { z } from './schema.ts';

/**
 * What a signed-in person may do. The core enforces it; the screens only show what makes sense. Every call names its roles,
 * the supervisor's among them; nobody has that role before staff can be added.
 */
export const Role = z.enum(['cashier', 'supervisor', 'owner', 'technician']);
export type Role = z.infer<typeof Role>;

/** The people built in at first start; one of each until staff can be added. */
export const Person = z.enum(['cashier', 'owner', 'technician']);
export type Person = z.infer<typeof Person>;

/** Six digits. */
export const Pin = z.string().regex(/^\d{6}$/);

export const Session = z.strictObject({ person: Person, role: Role });
export type Session = z.infer<typeof Session>;
