/** EMV data formats (Book 3, 4.3). */
export type TagFormat = 'n' | 'cn' | 'an' | 'ans' | 'b';

export interface TagEntry {
  readonly name: string;
  readonly format: TagFormat;
  /** Who the value comes from. */
  readonly source: 'card' | 'terminal' | 'issuer';
}

function card(name: string, format: TagFormat = 'b'): TagEntry {
  return { name, format, source: 'card' };
}

function terminal(name: string, format: TagFormat = 'b'): TagEntry {
  return { name, format, source: 'terminal' };
}

function issuer(name: string, format: TagFormat = 'b'): TagEntry {
  return { name, format, source: 'issuer' };
}

/** Data elements dictionary: EMV Book 3 annex A; 9F5A–9F7C from the contactless kernels 3 and 7, 9F51 and DF4B from kernel 2. */
const tags: Readonly<Record<string, TagEntry>> = {
  '42': card('Issuer Identification Number', 'n'),
  '4F': card('Application Identifier'),
  '50': card('Application Label', 'ans'),
  '56': card('Track 1 Data', 'ans'),
  '57': card('Track 2 Equivalent Data'),
  '5A': card('Application PAN', 'cn'),
  '5F20': card('Cardholder Name', 'ans'),
  '5F24': card('Application Expiration Date', 'n'),
  '5F25': card('Application Effective Date', 'n'),
  '5F28': card('Issuer Country Code', 'n'),
  '5F2A': terminal('Transaction Currency Code', 'n'),
  '5F2D': card('Language Preference', 'an'),
  '5F30': card('Service Code', 'n'),
  '5F34': card('PAN Sequence Number', 'n'),
  '5F36': terminal('Transaction Currency Exponent', 'n'),
  '61': card('Application Template'),
  '6F': card('FCI Template'),
  '70': card('Record Template'),
  '71': issuer('Issuer Script Template 1'),
  '72': issuer('Issuer Script Template 2'),
  '77': card('Response Template Format 2'),
  '80': card('Response Template Format 1'),
  '81': terminal('Amount, Authorised (Binary)'),
  '82': card('Application Interchange Profile'),
  '84': card('Dedicated File Name'),
  '86': issuer('Issuer Script Command'),
  '87': card('Application Priority Indicator'),
  '88': card('Short File Identifier'),
  '8A': issuer('Authorisation Response Code', 'an'),
  '8C': card('CDOL1'),
  '8D': card('CDOL2'),
  '8E': card('CVM List'),
  '8F': card('CA Public Key Index'),
  '90': card('Issuer Public Key Certificate'),
  '91': issuer('Issuer Authentication Data'),
  '92': card('Issuer Public Key Remainder'),
  '93': card('Signed Static Application Data'),
  '94': card('Application File Locator'),
  '95': terminal('Terminal Verification Results'),
  '97': card('TDOL'),
  '9B': terminal('Transaction Status Information'),
  '9A': terminal('Transaction Date', 'n'),
  '9C': terminal('Transaction Type', 'n'),
  '9F02': terminal('Amount, Authorised', 'n'),
  '9F03': terminal('Amount, Other', 'n'),
  '9F07': card('Application Usage Control'),
  '9F08': card('Application Version Number (card)'),
  '9F09': terminal('Application Version Number (terminal)'),
  '9F0D': card('Issuer Action Code - Default'),
  '9F0E': card('Issuer Action Code - Denial'),
  '9F0F': card('Issuer Action Code - Online'),
  '9F10': card('Issuer Application Data'),
  '9F11': card('Issuer Code Table Index', 'n'),
  '9F12': card('Application Preferred Name', 'ans'),
  '9F13': card('Last Online ATC'),
  '9F14': card('Lower Consecutive Offline Limit'),
  '9F15': terminal('Merchant Category Code', 'n'),
  '9F16': terminal('Merchant Identifier', 'ans'),
  '9F17': card('PIN Try Counter'),
  '9F18': issuer('Issuer Script Identifier'),
  '9F19': card('Token Requestor ID', 'n'),
  '9F1A': terminal('Terminal Country Code', 'n'),
  '9F1C': terminal('Terminal Identification', 'an'),
  '9F1E': terminal('Interface Device Serial Number', 'an'),
  '9F1F': card('Track 1 Discretionary Data', 'ans'),
  '9F20': card('Track 2 Discretionary Data', 'cn'),
  '9F21': terminal('Transaction Time', 'n'),
  '9F23': card('Upper Consecutive Offline Limit'),
  '9F24': card('Payment Account Reference', 'an'),
  '9F26': card('Application Cryptogram'),
  '9F27': card('Cryptogram Information Data'),
  '9F29': card('Extended Selection'),
  '9F2A': card('Kernel Identifier'),
  '9F32': card('Issuer Public Key Exponent'),
  '9F33': terminal('Terminal Capabilities'),
  '9F34': terminal('CVM Results'),
  '9F35': terminal('Terminal Type', 'n'),
  '9F36': card('Application Transaction Counter'),
  '9F37': terminal('Unpredictable Number'),
  '9F38': card('PDOL'),
  '9F40': terminal('Additional Terminal Capabilities'),
  '9F41': terminal('Transaction Sequence Counter', 'n'),
  '9F42': card('Application Currency Code', 'n'),
  '9F45': card('Data Authentication Code'),
  '9F46': card('ICC Public Key Certificate'),
  '9F47': card('ICC Public Key Exponent'),
  '9F48': card('ICC Public Key Remainder'),
  '9F49': card('DDOL'),
  '9F4A': card('Static Data Authentication Tag List'),
  '9F4B': card('Signed Dynamic Application Data'),
  '9F4C': card('ICC Dynamic Number'),
  '9F4D': card('Log Entry'),
  '9F4E': terminal('Merchant Name and Location', 'ans'),
  '9F51': card('DRDOL'),
  '9F5A': card('Application Program Identifier'),
  '9F5D': card('Available Offline Spending Amount', 'n'),
  '9F61': card('Cardholder Identity Number', 'ans'),
  '9F62': card('Cardholder Identity Type', 'cn'),
  '9F63': card('Product Identification Information'),
  '9F66': terminal('Terminal Transaction Qualifiers'),
  '9F69': card('Card Authentication Related Data'),
  '9F6B': card('Track 2 Data'),
  '9F6C': card('Card Transaction Qualifiers'),
  '9F6E': card('Form Factor Indicator'),
  '9F7A': terminal('Electronic Cash Terminal Support Indicator', 'n'),
  '9F7C': card('Customer Exclusive Data'),
  A5: card('FCI Proprietary Template'),
  BF0C: card('FCI Issuer Discretionary Data'),
  DF4B: card('POS Cardholder Interaction Information'),
};

/** What is known of a tag; an unknown one is plain bytes from the card. */
export function tagEntry(tag: string): TagEntry {
  return Object.hasOwn(tags, tag) ? tags[tag]! : card('Unknown data object');
}
