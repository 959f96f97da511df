/**
 * What one request has its session do, in order: commits beside each other, but one at a time where they hold changes;
 * a new id or the end alone.
 */
export class Turns {
  readonly #underWay = new Set<Promise<unknown>>();
  #barrier: Promise<unknown> | undefined;
  /** The commit under way that holds changes; settles when they are stored, or have failed. */
  #saving: Promise<unknown> | undefined;

  /** Whether something runs alone. */
  get occupied(): boolean {
    return this.#barrier !== undefined;
  }

  /** What a commit must wait for, and then ask again; nothing where it may begin at once. */
  get before(): Promise<unknown> | undefined {
    return this.#barrier ?? this.#saving?.catch(() => {});
  }

  /** Begins a commit, which may begin, until it has {@link ended}. With `exclusive` the next one waits for that. */
  beside(stored: Promise<void>, exclusive: boolean): Promise<void> {
    this.#underWay.add(stored);
    if (exclusive) this.#saving = stored;
    return stored;
  }

  /** A commit has ended, and what it left is in its place. */
  ended(stored: Promise<void>): void {
    this.#underWay.delete(stored);
    if (this.#saving === stored) this.#saving = undefined;
  }

  /** Runs with nothing else of this session under way. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const before = [...this.#underWay, ...(this.#barrier ? [this.#barrier] : [])];
    const result = before.length === 0 ? work() : Promise.allSettled(before).then(work);
    const barrier: Promise<unknown> = result
      .catch(() => {})
      .then(() => {
        if (this.#barrier === barrier) this.#barrier = undefined;
      });
    this.#barrier = barrier;
    return result;
  }

  /** Waits until what has begun has ended, and `isBusy` says that nothing waits to begin. */
  async settled(isBusy: () => boolean): Promise<void> {
    while (this.#barrier !== undefined || isBusy()) {
      await Promise.allSettled([this.#barrier, ...this.#underWay]);
    }
  }
}
