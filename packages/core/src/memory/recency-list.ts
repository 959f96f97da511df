/** The items of a {@link RecencyList}. Only the list writes their neighbours. */
export interface Neighbours<T> {
  newer: T | undefined;
  older: T | undefined;
}

/**
 * Items in the order of their last use, at constant cost. A `Map` whose keys are removed and added again has the same
 * order, but iterating over it would never end while others read.
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
