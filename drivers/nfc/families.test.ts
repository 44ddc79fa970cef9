import { expect, it } from 'vitest';
import { acr122, acr1252 } from './acr.ts';
import { slotOf } from './families.ts';

it.each([
  ['ACS ACR122U PICC Interface 00 00', 'ACR122U', acr122],
  ['ACS ACR1252 1S CL Reader [ACR1252 Dual Reader PICC] 00 00', 'ACR1252U', acr1252],
  ['ACS ACR1252 Reader [ACR1252 Reader PICC] 00 00', 'ACR1252U', acr1252],
  ['ACS ACR1281 1S Dual Reader [ACR1281 1S Dual Reader PICC] 01 00', 'ACR1281U', acr1252],
  ['Identive CLOUD 4700 F Dual Interface Reader [CLOUD 4700 F Contactless Reader] 01 00', 'Identive CLOUD', undefined],
  ['HID Global OMNIKEY 5422CL Smartcard Reader [OMNIKEY 5422CL Smartcard Reader] 01 00', 'OMNIKEY 5422', undefined],
  ['SCM Microsystems Inc. SCL3711-NFC&RW 00 00', 'SCL3711', undefined],
  ['Some Vendor NFC 00 00', 'PC/SC', undefined],
])('%s is a class B reader of the family %s', (name, family, feedback) => {
  expect(slotOf(name)).toEqual({ kind: 'B', family, ...(feedback ? { feedback } : {}) });
});

it.each([
  'ACS ACR1281 1S Dual Reader [ACR1281 1S Dual Reader ICC] 00 00',
  'ACS ACR1252 1S CL Reader [ACR1252 Dual Reader SAM] 00 01',
  'Identive CLOUD 4700 F Dual Interface Reader [CLOUD 4700 F Contact Reader] 00 00',
  'HID Global OMNIKEY 5422 Smartcard Reader [OMNIKEY 5422 Smartcard Reader] 00 00',
  'Some Vendor Contact Reader 00 00',
])('%s is left alone', (name) => {
  expect(slotOf(name)).toBeUndefined();
});

it('never takes a reader for one that encrypts inside because of its name', () => {
  expect(slotOf('Certified Encrypting Class A Reader NFC 00 00')?.kind).toBe('B');
  expect(slotOf('Virtual PCD 00 00')).toEqual({ kind: 'virtual', family: 'virtual' });
});
