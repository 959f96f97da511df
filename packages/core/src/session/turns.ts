interface Waiting {
  /** Whether nothing else may be under way with it. */
  readonly alone: boolean;
  readonly resolve: () => void;
}

/**
 * What one request has its session do, begun in the order in which it was asked for: commits beside each other, but one
 * at a time where they hold changes; a new id or the end alone.
 *
 * Nobody passes those that wait. A newer change that were stored before an older one would be undone by it: the older
 * one was taken from the request earlier, and has the field as it was then.
 */
export class Turns {
  readonly #line: Waiting[] = [];
  /** Whether it is somebody's turn who has not begun yet. */
  #given = false;
  readonly #underWay = new Set<Promise<unknown>>();
  /** The commit under way that holds changes. */
  #saving: Promise<void> | undefined;
  #alone: Promise<unknown> | undefined;
  /** How many have asked to run alone and have not ended. */
  #asked = 0;

  /** Whether something runs alone or waits to. */
  get occupied(): boolean {
    return this.#asked > 0;
  }

  /** Settles when what runs now has ended; nothing where nothing does. */
  get running(): Promise<void> | undefined {
    if (this.#alone === undefined && this.#underWay.size === 0) return undefined;
    return Promise.allSettled([this.#alone, ...this.#underWay]).then(() => {});
  }

  /** The turn of a commit; nothing where it has come already. It is over with {@link beside}, or {@link passed}. */
  turn(): Promise<void> | undefined {
    return this.#mayBegin(false) ? undefined : this.#wait(false);
  }

  /** Begins a commit, which is under way until it has {@link ended}. With `exclusive` the next one waits for that. */
  beside(stored: Promise<void>, exclusive: boolean): Promise<void> {
    this.#underWay.add(stored);
    if (exclusive) this.#saving = stored;
    this.passed();
    return stored;
  }

  /** A turn was not needed, or something was begun in it. */
  passed(): void {
    this.#given = false;
    this.#next();
  }

  /** A commit has ended, and what it left is in its place. To be called before whoever asked for it hears of it. */
  ended(stored: Promise<void>): void {
    this.#underWay.delete(stored);
    if (this.#saving === stored) this.#saving = undefined;
    this.#next();
  }

  /** Runs with nothing else of this session under way. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    this.#asked++;
    return this.#mayBegin(true) ? this.#begin(work) : this.#wait(true).then(() => this.#begin(work));
  }

  /** Waits until what has begun has ended, and `isBusy` says that nothing waits to begin. */
  async settled(isBusy: () => boolean): Promise<void> {
    while (this.occupied || isBusy()) await this.running;
  }

  #begin<T>(work: () => Promise<T>): Promise<T> {
    this.#given = false;
    const result = work();
    this.#alone = result;
    const ended = () => {
      this.#alone = undefined;
      this.#asked--;
      this.#next();
    };
    // Before whoever asked for it hears of it.
    result.then(ended, ended);
    return result;
  }

  #wait(alone: boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#line.push({ alone, resolve });
    });
  }

  #next(): void {
    const first = this.#line[0];
    if (first === undefined || !this.#isFree(first.alone)) return;
    this.#line.shift();
    this.#given = true;
    first.resolve();
  }

  #mayBegin(alone: boolean): boolean {
    return this.#line.length === 0 && this.#isFree(alone);
  }

  #isFree(alone: boolean): boolean {
    if (this.#given || this.#alone !== undefined || this.#saving !== undefined) return false;
    return !alone || this.#underWay.size === 0;
  }
}
