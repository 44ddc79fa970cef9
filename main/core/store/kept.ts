/** As many answers are kept between two writes at most. */
const MOST = 256;

/**
 * What was read of tables, kept until one of them is written: after a step everybody asks for the same payment. `writes`
 * counts the writes of these tables, all of which go through one place.
 */
export class Kept {
  readonly #writes: () => number;
  readonly #found = new Map<string, unknown>();
  #at = -1;

  constructor(writes: () => number) {
    this.#writes = writes;
  }

  /** The answer to `question`, asked anew when anything was written since. A question names one answer of one type. */
  of<Answer>(question: string, ask: () => Answer): Answer {
    const writes = this.#writes();
    if (writes !== this.#at || this.#found.size >= MOST) {
      this.#found.clear();
      this.#at = writes;
    }
    const known = this.#found.get(question);
    if (known !== undefined) return known as Answer;
    const answer = ask();
    // What is not there is asked for again: nobody asks twice.
    if (answer !== undefined) this.#found.set(question, answer);
    return answer;
  }
}
