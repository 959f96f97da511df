/** The items of an {@link ExpiryHeap}. */
export interface Expiring {
  /** Epoch milliseconds. Changes only while the item is in no heap. */
  readonly expiresAt: number;
  /** The position of the item in the heap, written only by the heap. An item is in at most one heap. */
  place: number;
}

/**
 * Items ordered by expiry. The cost of finding expired items depends only on their number; adding and removing take
 * logarithmic time. The order depends only on the items, so the clock may step back.
 */
export class ExpiryHeap<T extends Expiring> {
  readonly #items: T[] = [];
  /** The expiry of the item at each position: numbers in one array are compared much faster than those in objects. */
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

  /** The number of items that expire at `time` or earlier. Takes a few milliseconds for a million items. */
  countUntil(time: number): number {
    const first = this.#times[0];
    if (first === undefined || first > time) return 0;
    let found = 0;
    for (const each of this.#times) if (each <= time) found += 1;
    return found;
  }

  /** Moves items that expire later than the item down, starting at a free position, and places the item. */
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

  /** Moves items that expire earlier than the item up, starting at a free position, and places the item. */
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

  /** There must be an item at the position. */
  #timeAt(place: number): number {
    return this.#times[place] ?? Number.POSITIVE_INFINITY;
  }
}
