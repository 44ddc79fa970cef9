import { acr122, acr1252, type Feedback } from './acr.ts';
import { isContactless, isVirtualSlot } from './slot.ts';

/**
 * A family of PC/SC readers, known by their names. All are class B: a name can be given to any device, so that a reader
 * encrypts card data inside is never believed for its name, only for the acquirer's signed configuration.
 */
export interface Family {
  readonly name: string;
  readonly pattern: RegExp;
  /** Its contactless slots; the others are left alone. */
  readonly slots: RegExp;
  readonly feedback?: Feedback;
}

const families: readonly Family[] = [
  { name: 'ACR122U', pattern: /\bACR122/, slots: /./, feedback: acr122 },
  { name: 'ACR1252U', pattern: /\bACR1252/, slots: /^(?!.*\bSAM\b)/, feedback: acr1252 },
  { name: 'ACR1255U', pattern: /\bACR1255/, slots: /^(?!.*\bSAM\b)/, feedback: acr1252 },
  { name: 'ACR1281U', pattern: /\bACR1281/, slots: /\bPICC\b/, feedback: acr1252 },
  { name: 'Identive CLOUD', pattern: /\bCLOUD \d{4} F\b/, slots: /\bContactless\b/ },
  { name: 'OMNIKEY 5422', pattern: /\bOMNIKEY 5422/, slots: /\b5422CL\b/ },
  { name: 'SCL3711', pattern: /\bSCL3711/, slots: /./ },
];

/** What is known of a slot by its name; undefined for a contact or SAM slot, which is left alone. */
export function slotOf(
  name: string,
): { readonly kind: 'B' | 'virtual'; readonly family: string; readonly feedback?: Feedback } | undefined {
  if (isVirtualSlot(name)) return { kind: 'virtual', family: 'virtual' };
  const family = families.find(({ pattern }) => pattern.test(name));
  if (!family) return isContactless(name) ? { kind: 'B', family: 'PC/SC' } : undefined;
  if (!family.slots.test(name)) return undefined;
  const { feedback } = family;
  return { kind: 'B', family: family.name, ...(feedback ? { feedback } : {}) };
}
