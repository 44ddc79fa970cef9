/** Random numbers that come again with the same seed (sfc32 by Chris Doty-Humphrey, public domain: state of 128 bits). */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d = 1;

  /** `stream` tells apart sequences that must not disturb each other, such as ids and faults. */
  constructor(seed: number, stream = 0) {
    this.#a = seed >>> 0;
    this.#b = Math.floor(seed / 2 ** 32) >>> 0;
    this.#c = stream >>> 0;
    for (let round = 0; round < 12; round += 1) this.word();
  }

  /** An unsigned 32-bit integer. */
  word(): number {
    const sum = (this.#a + this.#b + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** From 0 up to, not including, 1. */
  real(): number {
    return this.word() / 2 ** 32;
  }

  /** An integer from `least` to `most`, both included. */
  int(least: number, most: number): number {
    return least + Math.floor(this.real() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return probability > 0 && this.real() < probability;
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.int(0, choices.length - 1)] ?? choices[0];
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let index = 0; index < length; index += 1) bytes[index] = this.word() >>> 24;
    return bytes;
  }
}
