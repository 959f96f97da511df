import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import type { Contender } from "../contenders.js";
import { Running } from "../running.js";

/** A function of @sess that ran. */
export interface Call {
  /** File and line. */
  readonly where: string;
  /** Its name, or the beginning of its source if it has none. */
  readonly name: string;
  readonly count: number;
}

const file = pathToFileURL(join(import.meta.dirname, "probe.mjs"));
let started = 0;

/** A running contender with the probe loaded. */
export class Probed {
  readonly running: Running;
  readonly #socket: string;

  private constructor(running: Running, socket: string) {
    this.running = running;
    this.#socket = socket;
  }

  static async start(contender: Contender, place: string, size: number): Promise<Probed> {
    const socket = join(tmpdir(), `sess-bench-${process.pid}-${++started}.sock`);
    const env = { ...contender.env, PROBE: socket, NODE_OPTIONS: `--expose-gc --import ${file}` };
    return new Probed(await Running.start({ ...contender, env }, place, size), socket);
  }

  /** Live bytes after a garbage collection. */
  heap(): Promise<number> {
    return this.#ask("heap");
  }

  /** Bytes allocated in V8's heap while `work` runs. */
  async allocated(work: () => Promise<unknown>): Promise<number> {
    await this.#ask("allocations begin");
    await work();
    return this.#ask("allocations end");
  }

  async calls(work: () => Promise<unknown>): Promise<readonly Call[]> {
    await this.#ask("calls begin");
    await work();
    return this.#ask("calls end");
  }

  async #ask<T>(command: string): Promise<T> {
    const socket = connect(this.#socket);
    socket.write(command);
    return JSON.parse(await text(socket));
  }
}
