/** What an {@link ExpiryHeap} keeps. */
export interface Expiring {
  /** Epoch milliseconds. Changes only while the item is in no heap. */
  readonly expiresAt: number;
  /** Where the heap keeps the item: written by the heap alone. An item is in one heap at most. */
  place: number;
}

/**
 * Items ordered by expiry. Finding the expired costs what has expired, whatever else is stored; adding and
 * removing cost the logarithm of the size. The order depends on the items only, so a clock may step back.
 */
export class ExpiryHeap<T extends Expiring> {
  readonly #items: T[] = [];
  /** Of each item at the same place: numbers that lie side by side are compared far faster than those in objects. */
  readonly #times: number[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** The item that expires first. */
  first(): T | undefined {
    return this.#items[0];
  }

  add(item: T): void {
    this.#rise(item, item.expiresAt, this.#items.length);
  }

  /** The item must be in this heap. */
  remove(item: T): void {
    const last = this.#items.pop();
    const time = this.#times.pop();
    if (last === undefined || time === undefined || last === item) return;
    const { place } = item;
    if (time < item.expiresAt) this.#rise(last, time, place);
    else this.#sink(last, time, place);
  }

  /** How many items expire at `time` or earlier. A few milliseconds' work where there are a million. */
  countUntil(time: number): number {
    const first = this.#times[0];
    if (first === undefined || first > time) return 0;
    let found = 0;
    for (const each of this.#times) if (each <= time) found += 1;
    return found;
  }

  /** Moves whoever expires later than the item down, from a free place on, and settles the item. */
  #rise(item: T, time: number, free: number): void {
    let place = free;
    for (;;) {
      const parent = (place - 1) >> 1;
      if (place === 0 || this.#timeAt(parent) <= time) break;
      this.#move(parent, place);
      place = parent;
    }
    this.#settle(item, time, place);
  }

  /** Moves whoever expires earlier than the item up, from a free place on, and settles the item. */
  #sink(item: T, time: number, free: number): void {
    let place = free;
    for (;;) {
      const child = this.#earlierChild(place);
      if (child >= this.size || time <= this.#timeAt(child)) break;
      this.#move(child, place);
      place = child;
    }
    this.#settle(item, time, place);
  }

  #earlierChild(place: number): number {
    const left = 2 * place + 1;
    const right = left + 1;
    return right < this.size && this.#timeAt(right) < this.#timeAt(left) ? right : left;
  }

  #move(from: number, to: number): void {
    const item = this.#items[from];
    if (item !== undefined) this.#settle(item, this.#timeAt(from), to);
  }

  #settle(item: T, time: number, place: number): void {
    this.#items[place] = item;
    this.#times[place] = time;
    item.place = place;
  }

  /** There must be an item at the place. */
  #timeAt(place: number): number {
    return this.#times[place] ?? Number.POSITIVE_INFINITY;
  }
}
