import type { Handler, Side, Wire } from "./proxy.js";

/** From now on nothing passes in either direction, without any sign to either side. */
export const nothing: Handler = { take: () => {}, silent: true };

/** What happens to a connection after a number of bytes from one side. */
export type Ending = (wire: Wire) => void;

/** Passes `limit` bytes of one side, and then does something about the connection. */
export class Cut implements Handler {
  readonly #wire: Wire;
  readonly #side: Side;
  readonly #ending: Ending;
  #left: number;
  #done = false;

  constructor(wire: Wire, side: Side, limit: number, ending: Ending) {
    this.#wire = wire;
    this.#side = side;
    this.#left = limit;
    this.#ending = ending;
  }

  take(bytes: Buffer, from: Side): void {
    if (this.#done) return;
    if (from !== this.#side) {
      this.#wire.pass(bytes, from);
      return;
    }
    const part = bytes.subarray(0, this.#left);
    this.#left -= part.length;
    this.#done = this.#left === 0;
    this.#wire.pass(part, from, () => {
      if (this.#done) this.#ending(this.#wire);
    });
  }

  /** A closed connection stays closed. */
  get lift(): (() => void) | undefined {
    return this.#done ? undefined : () => {};
  }
}

/** Holds back the bytes of both sides, and sends them on later, in order. */
export class Held implements Handler {
  readonly #wire: Wire;
  readonly #queue: { from: Side; bytes: Buffer }[] = [];
  readonly #step: number;
  readonly #timer: NodeJS.Timeout | undefined;

  /** Sends `step` bytes of each side every `pause` milliseconds; 0 sends nothing. */
  constructor(wire: Wire, step: number, pause: number) {
    this.#wire = wire;
    this.#step = step;
    if (step > 0) this.#timer = setInterval(() => this.#drip(), pause).unref();
  }

  take(bytes: Buffer, from: Side): void {
    this.#queue.push({ from, bytes });
  }

  lift(): void {
    clearInterval(this.#timer);
    for (const { from, bytes } of this.#queue.splice(0)) this.#wire.pass(bytes, from);
  }

  #drip(): void {
    if (this.#wire.over) clearInterval(this.#timer);
    for (const side of ["client", "server"] as const) {
      const index = this.#queue.findIndex(({ from }) => from === side);
      const first = this.#queue[index];
      if (first === undefined) continue;
      this.#wire.pass(first.bytes.subarray(0, this.#step), side);
      first.bytes = first.bytes.subarray(this.#step);
      if (first.bytes.length === 0) this.#queue.splice(index, 1);
    }
  }
}

/** Delivers the server's data some milliseconds late, in order. */
export class Late implements Handler {
  readonly #wire: Wire;
  readonly #ms: number;
  readonly #underWay: { readonly bytes: Buffer; readonly timer: NodeJS.Timeout }[] = [];

  constructor(wire: Wire, ms: number) {
    this.#wire = wire;
    this.#ms = ms;
  }

  take(bytes: Buffer, from: Side): void {
    if (from === "client") {
      this.#wire.pass(bytes, from);
      return;
    }
    const arrive = () => {
      this.#underWay.shift();
      this.#wire.pass(bytes, from);
    };
    this.#underWay.push({ bytes, timer: setTimeout(arrive, this.#ms) });
  }

  lift(): void {
    for (const { bytes, timer } of this.#underWay.splice(0)) {
      clearTimeout(timer);
      this.#wire.pass(bytes, "server");
    }
  }
}
