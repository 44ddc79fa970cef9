import type { PaymentState } from '../../contract/payment.ts';

/** Wallets whose codes the simulated bank takes. */
export type Wallet = 'alipay' | 'wechat' | 'unionpay-code' | 'e-cny';

/** What a customer holds out. */
export type Present =
  /** A card of the simulated deck, NAME#N. */
  | { readonly card: string }
  | { readonly code: Wallet; readonly behaviour: 'pays' | 'declines' | 'slow' | 'never' }
  /** The code that was scanned last, once more. */
  | { readonly code: 'again' }
  | { readonly cash: true }
  /** The customer has thought better of it. */
  | { readonly cancel: true };

/** A fault planted at the bank just before the sale (docs/virtual-counter.md). */
export type Fault = 'drop-answer' | 'drop-request' | 'wrong-mac' | 'duplicate';

export interface Sale {
  readonly minor: number;
  /** One after the other, until one of them pays. */
  readonly presents: readonly Present[];
  /** How it has to end by the close of the day. */
  readonly ends: PaymentState;
  readonly fault?: Fault;
  /** What happens to it afterwards. `void-forwarded`: taken back once the bank has it. */
  readonly after?: 'void' | 'void-forwarded' | 'reprint';
}

/** What is the matter while a part of the day lasts. `bank-gone` follows `bank-silent`: the terminal has found out. */
export type Trouble = 'none' | 'no-paper' | 'line-down' | 'bank-silent' | 'bank-gone';

export interface Part {
  readonly name: string;
  readonly trouble: Trouble;
  readonly sales: readonly Sale[];
}

/** Random numbers from 0 to 1 that come again with the same seed (mulberry32). */
function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Endings of amounts by which the simulated bank refuses (simulators/README.md). */
const telling = [5, 51, 61, 91];

const LATE_DECLINE = 61;

/** Makes sales from a seed: amounts, and cards that were never used before. */
class Shop {
  readonly #random: () => number;
  #card = 0;

  constructor(seed: number) {
    this.#random = dice(seed);
  }

  /** An amount that the bank has nothing against. */
  amount(least = 300, most = 26_000): number {
    const minor = least + Math.floor(this.#random() * (most - least));
    return telling.includes(minor % 100) ? minor + 1 : minor;
  }

  /** An amount that ends in `cents`. */
  ending(cents: number, most = 20_000): number {
    return Math.floor((300 + this.#random() * (most - 400)) / 100) * 100 + cents;
  }

  card(name: string): Present {
    this.#card += 1;
    return { card: `${name}#${this.#card}` };
  }

  #byCard(name: string, minor = this.amount()): Sale {
    return { minor, presents: [this.card(name)], ends: 'settled' };
  }

  #byCode(code: Wallet): Sale {
    return { minor: this.amount(), presents: [{ code, behaviour: 'pays' }], ends: 'settled' };
  }

  /** One sale as they come all day long. */
  usual(): Sale {
    const at = this.#random();
    if (at < 0.3) return this.#byCard('unionpay-ok');
    if (at < 0.38) return this.#byCard('unionpay-2');
    if (at < 0.53) return this.#byCard('visa-ok');
    if (at < 0.63) return this.#byCard('phone');
    if (at < 0.74) return this.#byCode('alipay');
    if (at < 0.84) return this.#byCode('wechat');
    if (at < 0.87) return this.#byCode('unionpay-code');
    if (at < 0.9) return this.#byCode('e-cny');
    if (at < 0.98) return { minor: this.amount(), presents: [{ cash: true }], ends: 'approved' };
    return { minor: this.ending(51), presents: [this.card('unionpay-ok')], ends: 'declined' };
  }

  /** A sale as it goes while the line is down: small, by card or in cash. */
  offline(): Sale {
    const at = this.#random();
    if (at >= 0.85) return { minor: this.amount(), presents: [{ cash: true }], ends: 'approved' };
    return this.#byCard(at < 0.5 ? 'unionpay-ok' : at < 0.75 ? 'visa-ok' : 'phone', this.amount(300, 3_800));
  }

  usuals(count: number): Sale[] {
    return Array.from({ length: Math.max(0, count) }, () => this.usual());
  }

  offlines(count: number): Sale[] {
    return Array.from({ length: Math.max(0, count) }, () => this.offline());
  }

  /** The others between the special ones, so that nothing special meets only its like. */
  mixed(special: readonly Sale[], others: readonly Sale[]): Sale[] {
    const sales = [...others];
    for (const one of special) sales.splice(Math.floor(this.#random() * (sales.length + 1)), 0, one);
    return sales;
  }
}

function morning(shop: Shop): Sale[] {
  const card = (name: string): Present => shop.card(name);
  const amount = (): number => shop.amount();
  const waits = (behaviour: 'slow' | 'never', ends: PaymentState, ...then: Present[]): Sale => ({
    minor: amount(),
    presents: [{ code: 'alipay', behaviour }, ...then],
    ends,
  });
  return [
    { minor: 128_000, presents: [card('unionpay-ok')], ends: 'settled', after: 'reprint' },
    { minor: 256_000, presents: [card('phone')], ends: 'settled' },
    { minor: amount(), presents: [card('see-phone')], ends: 'settled' },
    { minor: amount(), presents: [{ card: 'torn-at-3' }, card('unionpay-ok')], ends: 'settled' },
    { minor: amount(), presents: [{ card: 'torn-at-4' }, { card: 'torn-at-2' }, card('visa-ok')], ends: 'settled' },
    { minor: amount(), presents: [{ card: 'storage' }, card('visa-ok')], ends: 'settled' },
    { minor: amount(), presents: [{ card: 'transit' }, { cancel: true }], ends: 'abandoned' },
    { minor: amount(), presents: [card('unionpay-bad-signature')], ends: 'settled' },
    { minor: amount(), presents: [{ card: 'declines' }], ends: 'declined' },
    { minor: amount(), presents: [{ card: 'unionpay-expired' }], ends: 'declined' },
    { minor: shop.ending(51), presents: [card('unionpay-ok')], ends: 'declined' },
    { minor: shop.ending(5), presents: [card('visa-ok')], ends: 'declined' },
    { minor: amount(), presents: [{ code: 'wechat', behaviour: 'declines' }], ends: 'declined' },
    { minor: amount(), presents: [{ code: 'unionpay-code', behaviour: 'pays' }], ends: 'settled' },
    { minor: amount(), presents: [{ code: 'e-cny', behaviour: 'pays' }], ends: 'settled' },
    waits('slow', 'settled'),
    waits('never', 'cancelled'),
    waits('never', 'cancelled', { cancel: true }),
    { minor: amount(), presents: [{ code: 'again' }, card('unionpay-2')], ends: 'settled' },
    { minor: amount(), presents: [{ cash: true }], ends: 'approved', after: 'reprint' },
  ];
}

function lostAnswers(shop: Shop): Sale[] {
  const faulty = (fault: Fault, ends: PaymentState): Sale => ({
    minor: shop.amount(),
    presents: [shop.card('unionpay-ok')],
    ends,
    fault,
  });
  return [
    faulty('drop-answer', 'reversed'),
    faulty('drop-request', 'reversed'),
    faulty('wrong-mac', 'reversed'),
    faulty('duplicate', 'settled'),
    { minor: shop.amount(), presents: [{ code: 'wechat', behaviour: 'pays' }], ends: 'settled', fault: 'drop-answer' },
  ];
}

function lineDown(shop: Shop): Sale[] {
  const small = (): number => shop.amount(300, 3_000);
  return [
    { minor: 6_000, presents: [shop.card('unionpay-ok')], ends: 'declined' },
    { minor: small(), presents: [shop.card('unionpay-bad-signature')], ends: 'declined' },
    { minor: small(), presents: [{ code: 'alipay', behaviour: 'pays' }, { cancel: true }], ends: 'abandoned' },
    { minor: small(), presents: [{ code: 'wechat', behaviour: 'pays' }, shop.card('visa-ok')], ends: 'settled' },
    { minor: shop.ending(LATE_DECLINE, 3_000), presents: [shop.card('unionpay-ok')], ends: 'saf-declined' },
    { minor: small(), presents: [shop.card('phone')], ends: 'saf-voided', after: 'void' },
    { minor: small(), presents: [shop.card('visa-ok')], ends: 'voided', after: 'void-forwarded' },
    { minor: small(), presents: [{ cash: true }], ends: 'approved' },
  ];
}

function afternoon(shop: Shop): Sale[] {
  const voided = (present: Present): Sale => ({
    minor: shop.amount(),
    presents: [present],
    ends: 'voided',
    after: 'void',
  });
  return [
    voided(shop.card('unionpay-ok')),
    voided(shop.card('visa-ok')),
    voided({ code: 'alipay', behaviour: 'pays' }),
    voided({ cash: true }),
  ];
}

/** As many of the usual sales as are offline at once within the bounds of the virtual bank: 50 payments, 1,000.00. */
const MOST_OFFLINE = 30;

/** The sales of a day, the same for the same seed: every kind at least once, the rest as they come. */
export function planDay(sales: number, seed: number): Part[] {
  const shop = new Shop(seed);
  const special = {
    morning: morning(shop),
    lost: lostAnswers(shop),
    line: lineDown(shop),
    silent: [
      { minor: shop.amount(), presents: [shop.card('unionpay-ok')], ends: 'reversed' },
      { minor: shop.amount(), presents: [{ code: 'alipay', behaviour: 'pays' }], ends: 'cancelled' },
    ] satisfies Sale[],
    gone: [
      { minor: shop.amount(), presents: [{ cash: true }], ends: 'approved' },
      { minor: 4_280, presents: [shop.card('unionpay-ok')], ends: 'settled' },
      { minor: 880, presents: [shop.card('visa-ok')], ends: 'settled' },
    ] satisfies Sale[],
    afternoon: afternoon(shop),
  };
  const needed = Object.values(special).reduce((sum, part) => sum + part.length, 0);
  const rest = Math.max(0, sales - needed);
  const offline = Math.min(MOST_OFFLINE, Math.round(rest * 0.15));
  const paper = Math.max(2, Math.round(rest * 0.1));
  const lost = Math.round(rest * 0.1);
  const back = Math.round(rest * 0.1);
  const early = Math.round((rest - offline - paper - lost - back) / 2);
  const late = rest - offline - paper - lost - back - early;
  return [
    { name: 'morning', trouble: 'none', sales: shop.mixed(special.morning, shop.usuals(early)) },
    { name: 'lost answers', trouble: 'none', sales: shop.mixed(special.lost, shop.usuals(lost)) },
    { name: 'no paper', trouble: 'no-paper', sales: shop.usuals(paper) },
    { name: 'line down', trouble: 'line-down', sales: shop.mixed(special.line, shop.offlines(offline)) },
    { name: 'line back', trouble: 'none', sales: shop.usuals(back) },
    { name: 'bank silent', trouble: 'bank-silent', sales: special.silent },
    { name: 'bank gone', trouble: 'bank-gone', sales: special.gone },
    { name: 'afternoon', trouble: 'none', sales: shop.mixed(special.afternoon, shop.usuals(late)) },
  ];
}
