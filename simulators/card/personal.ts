import { type BlockFault, type Certified, cardCertificate, issuerCertificate } from './certificate.ts';
import { type EmvDefinition, panOf } from './definition.ts';
import type { SigningKey } from './rsa.ts';
import { hex, tlv } from './tlv.ts';

/** Application interchange profile, as signed: dynamic authentication; for Mastercard CDA, cardholder verification, risk. */
const profiles = { visa: '2000', unionpay: '7C00', mastercard: '1980' } as const;
/** Certificates end at the end of this month, MMYY; expired ones ended with the other. */
const certifiedUntil = '1249';
const certifiedOnce = '0624';
/** Account digits of the number that stands where the card's own should. */
const otherIndex = 4242;

/** What Mastercard's card asks for at GENERATE AC (tags 8C, 8D). */
export const cdol1 = hex('9F0206 9F0306 9F1A02 9505 5F2A02 9A03 9C01 9F3704 9F3501 9F4502 9F4C08 9F3403');
const cdol2 = hex('910A 8A02 9505 9F3704 9F4C08');

/** The keys behind one card: who certifies its issuer, and its own key. */
export interface CardKeys {
  readonly caIndex: string;
  readonly ca: SigningKey;
  readonly issuer: SigningKey;
  readonly card: SigningKey;
}

/** A card as its issuer handed it out: fixed records and keys. */
export interface Personalised {
  readonly card: EmvDefinition;
  readonly pan: string;
  readonly keys: CardKeys;
  readonly issuer: Certified;
  readonly certificate: Certified;
  /** Application interchange profile that the card tells. */
  readonly profile: Buffer;
  /** The record under offline data authentication as the card tells it, without its template. */
  readonly record: Buffer;
  /** Track-2 equivalent data. */
  readonly track2: Buffer;
}

function packed(digits: string): Buffer {
  return hex(digits.length % 2 === 0 ? digits : `${digits}F`);
}

/** Usage control is the object that a tampered record shows otherwise. */
function recordOf(card: EmvDefinition, pan: string, track2: Buffer, usage: string): Buffer {
  const shown = card.faults.pan === 'differs' ? panOf(card.pan, otherIndex) : pan;
  const expiry = card.faults.expiry === 'differs' ? `34${card.expiry.slice(2)}` : card.expiry;
  const own =
    card.scheme === 'mastercard'
      ? [
          tlv('57', track2),
          tlv('5F34', hex(card.sequence)),
          tlv('8C', cdol1),
          tlv('8D', cdol2),
          tlv('8E', hex('0000000000000000 5E03 1F03')),
          tlv('9F08', hex('0002')),
          tlv('9F0D', hex('0000000000')),
          tlv('9F0E', hex('0000000000')),
          tlv('9F0F', hex('0000000000')),
          ...(card.recovers ? [tlv('9F51', hex('9F3704'))] : []),
        ]
      : [];
  return Buffer.concat([
    tlv('5A', packed(shown)),
    tlv('5F24', hex(expiry)),
    tlv('5F25', hex(card.effective)),
    tlv('5F28', hex(card.country)),
    tlv('5F20', Buffer.from(card.holder, 'latin1')),
    tlv('9F07', hex(usage)),
    ...own,
    hex(card.faults.states ?? ''),
    tlv('9F4A', hex('82')),
  ]);
}

/** A certificate's fault where it is one of its block. */
function inBlock(fault: string | undefined): BlockFault | undefined {
  const places: readonly BlockFault[] = ['header', 'trailer', 'format', 'algorithm', 'hash', 'padding'];
  return places.find((place) => place === fault);
}

/** Makes a card: its certificates and its record, wrong where its file says so (EMV Book 2, 6.1; AIP counted in by 9F4A). */
export function personalise(card: EmvDefinition, pan: string, keys: CardKeys): Personalised {
  const { faults } = card;
  const track2 = packed(`${pan}D${card.expiry.slice(0, 4)}2010000000000`);
  const signed = recordOf(card, pan, track2, 'FF00');
  const signedProfile = hex(profiles[card.scheme]);
  const issuer = issuerCertificate(
    keys.ca,
    keys.issuer,
    {
      identifier: faults.issuerCertificate === 'identifier' ? '99999999' : pan.slice(0, 8),
      expiry: faults.issuerCertificate === 'expired' ? certifiedOnce : certifiedUntil,
      serial: faults.issuerCertificate === 'revoked' ? '00BAD1' : '000001',
    },
    inBlock(faults.issuerCertificate),
  );
  const certificate = cardCertificate(
    keys.issuer,
    keys.card,
    {
      pan: faults.cardCertificate === 'pan' ? panOf(card.pan, otherIndex) : pan,
      expiry: faults.cardCertificate === 'expired' ? certifiedOnce : certifiedUntil,
    },
    Buffer.concat([signed, signedProfile]),
    inBlock(faults.cardCertificate),
  );
  const profile = Buffer.from(signedProfile);
  if (faults.staticData === 'profile') profile[0] = (profile[0] ?? 0) ^ 0x40;
  const record = faults.staticData === 'record' ? recordOf(card, pan, track2, 'FF80') : signed;
  return { card, pan, keys, issuer, certificate, profile, record, track2 };
}

/**
 * The records a terminal needs to check a signature: CA index, issuer's and card's certificate, and what else is given.
 * By “SFI.number”.
 */
export function certificateRecords(chip: Personalised, ...more: readonly Buffer[]): readonly [string, Buffer][] {
  const { keys, issuer, certificate } = chip;
  const { faults } = chip.card;
  const parts = tlv(
    '70',
    tlv('8F', hex(keys.caIndex)),
    tlv('9F32', keys.issuer.exponent),
    tlv('92', issuer.remainder),
    tlv('9F47', keys.card.exponent),
    tlv('9F48', certificate.remainder),
    ...more,
  );
  const nothing = tlv('5F2D', Buffer.from('en', 'latin1'));
  return [
    ['3.1', parts],
    ['3.2', tlv('70', faults.issuerCertificate === 'missing' ? nothing : tlv('90', issuer.certificate))],
    ['3.3', tlv('70', faults.cardCertificate === 'missing' ? nothing : tlv('9F46', certificate.certificate))],
  ];
}
