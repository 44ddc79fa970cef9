/** vsmartcard's reader, where every program on the machine can be a card. */
export function isVirtualSlot(name: string): boolean {
  return name.startsWith('Virtual PCD');
}

/**
 * Whether a PC/SC slot name is a contactless one. Dual readers show one slot an interface, and only the name tells
 * them apart: contact (ICC, “Contact Reader”) and SAM slots are left alone.
 */
export function isContactless(name: string): boolean {
  if (/contactless|\bPICC\b|\bCL\b|NFC/i.test(name)) return !/\bSAM\b/i.test(name);
  return !/\bSAM\b|\bICC\b|\bcontact\b/i.test(name);
}
