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

  get size(): number {
    return this.#items.length;
  }

  /** The item that expires first. */
  first(): T | undefined {
    return this.#items[0];
  }

  add(item: T): void {
    this.#settle(item, this.#items.length);
    this.#rise(item);
  }

  /** The item must be in this heap. */
  remove(item: T): void {
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    this.#settle(last, item.place);
    this.#rise(last);
    this.#sink(last);
  }

  /** How many items expire at `time` or earlier. */
  countUntil(time: number): number {
    let found = 0;
    const open = [0];
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      const item = this.#items[place];
      if (item === undefined || item.expiresAt > time) continue;
      found += 1;
      open.push(2 * place + 1, 2 * place + 2);
    }
    return found;
  }

  #settle(item: T, place: number): void {
    this.#items[place] = item;
    item.place = place;
  }

  #rise(item: T): void {
    for (let place = item.place; place > 0; place = item.place) {
      const parent = this.#items[(place - 1) >> 1];
      if (parent === undefined || parent.expiresAt <= item.expiresAt) return;
      this.#swap(parent, item);
    }
  }

  #sink(item: T): void {
    for (;;) {
      const child = this.#earlierChild(item.place);
      if (child === undefined || item.expiresAt <= child.expiresAt) return;
      this.#swap(item, child);
    }
  }

  #earlierChild(place: number): T | undefined {
    const left = this.#items[2 * place + 1];
    const right = this.#items[2 * place + 2];
    return left !== undefined && right !== undefined && right.expiresAt < left.expiresAt ? right : left;
  }

  #swap(a: T, b: T): void {
    const place = a.place;
    this.#settle(a, b.place);
    this.#settle(b, place);
  }
}
