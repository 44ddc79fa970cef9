interface Event {
  readonly at: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/** Virtual time: events in a heap, the earliest first, equal ones in the order in which they were planned. */
export class Timeline {
  readonly #heap: Event[] = [];
  #now = 0;
  #order = 0;

  /** Milliseconds since the beginning of the simulation. */
  get now(): number {
    return this.#now;
  }

  /** Plans `run` in `ms`. Returns what forgets it. */
  after(ms: number, run: () => void): () => void {
    const event: Event = { at: this.#now + Math.max(0, ms), order: this.#order, run };
    this.#order += 1;
    this.#push(event);
    return () => {
      event.run = undefined;
    };
  }

  /** Moves to the next event that is not later than `until`, and hands it out. Undefined when there is none. */
  next(until: number): (() => void) | undefined {
    for (let first = this.#heap[0]; first && first.at <= until; first = this.#heap[0]) {
      this.#pop();
      if (!first.run) continue;
      this.#now = first.at;
      return first.run;
    }
    return undefined;
  }

  /** Lets time pass up to `at` when nothing happens before. */
  advance(at: number): void {
    this.#now = Math.max(this.#now, at);
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (!above || !earlier(event, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      const left = heap[child];
      if (!left) break;
      const right = heap[child + 1];
      if (right && earlier(right, left)) child += 1;
      const least = heap[child];
      if (!least || !earlier(least, last)) break;
      heap[index] = least;
      index = child;
    }
    heap[index] = last;
  }
}

function earlier(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
