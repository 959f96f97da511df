/** A clock that starts at real time and stands still until it is moved: forward, never back. */
export class KitClock {
  #time: number;

  constructor(time: number = Date.now()) {
    this.#time = time;
  }

  readonly now = (): number => this.#time;

  advance(milliseconds: number): void {
    this.#time += Math.max(0, milliseconds);
  }

  /** Moves to `time`, unless the clock has passed it. */
  advanceTo(time: number): void {
    this.advance(time - this.#time);
  }
}
