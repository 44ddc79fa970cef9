import { expect, it } from 'vitest';
import { isContactless, isVirtualSlot } from './slot.ts';

it.each([
  'ACS ACR122U PICC Interface 00 00',
  'ACS ACR1252 1S CL Reader [ACR1252 Dual Reader PICC] 00 00',
  'ACS ACR1281 1S Dual Reader [ACR1281 1S Dual Reader PICC] 01 00',
  'Identive CLOUD 4700 F Dual Interface Reader [CLOUD 4700 F Contactless Reader] 01 00',
  'OMNIKEY CardMan 5x21-CL 0',
  'SCM Microsystems Inc. SCL3711-NFC&RW 00 00',
  'Virtual PCD 00 00',
])('%s is contactless', (name) => {
  expect(isContactless(name)).toBe(true);
});

it.each([
  'ACS ACR1281 1S Dual Reader [ACR1281 1S Dual Reader ICC] 00 00',
  'ACS ACR1252 1S CL Reader [ACR1252 Dual Reader SAM] 00 01',
  'Identive CLOUD 4700 F Dual Interface Reader [CLOUD 4700 F Contact Reader] 00 00',
])('%s is not', (name) => {
  expect(isContactless(name)).toBe(false);
});

it('knows the virtual readers of vsmartcard', () => {
  expect(isVirtualSlot('Virtual PCD 00 01')).toBe(true);
  expect(isVirtualSlot('ACS ACR122U PICC Interface 00 00')).toBe(false);
});
