/** What a {@link RecencyList} keeps: its neighbours are written by the list alone. */
export interface Neighbours<T> {
  newer: T | undefined;
  older: T | undefined;
}

/**
 * Items by how recently they were used, at constant cost. A `Map` that takes keys out and puts them in again would
 * do for the order, but whoever iterates over it while others read would never come to its end.
 */
export class RecencyList<T extends Neighbours<T>> {
  #newest: T | undefined;
  #oldest: T | undefined;

  get oldest(): T | undefined {
    return this.#oldest;
  }

  /** The item must not be in the list. */
  add(item: T): void {
    item.older = this.#newest;
    item.newer = undefined;
    if (this.#newest === undefined) this.#oldest = item;
    else this.#newest.newer = item;
    this.#newest = item;
  }

  /** The item must be in the list. */
  remove(item: T): void {
    if (item.newer === undefined) this.#newest = item.older;
    else item.newer.older = item.older;
    if (item.older === undefined) this.#oldest = item.newer;
    else item.older.newer = item.newer;
    item.newer = undefined;
    item.older = undefined;
  }

  /** Makes the item, which must be in the list, the newest. */
  use(item: T): void {
    if (item === this.#newest) return;
    this.remove(item);
    this.add(item);
  }
}
