import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Answer, FromWorker, Runtime, Setup, Task, ToWorker } from "./messages.js";

/** One process with a Manager of its own. */
export class Worker {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<
    number,
    { resolve: (answer: Answer) => void; reject: (error: Error) => void; tick: () => void }
  >();
  #next = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", (message: FromWorker) => this.#hear(message));
    child.on("exit", (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`a process ended with code ${code}`));
    });
  }

  static async start(setup: Setup, { client: _, ...runtime }: Runtime = {}): Promise<Worker> {
    const child = fork(join(import.meta.dirname, "worker.ts"), {
      // Runs from source, like the tests: nothing needs a build, and nothing can be stale.
      execArgv: ["--conditions=@sess/source", "--import", "tsx"],
      serialization: "advanced",
      ...runtime,
    });
    const worker = new Worker(child);
    child.send({ setup } satisfies ToWorker);
    const [message] = (await Promise.race([once(child, "message"), once(child, "exit")])) as [unknown];
    if (typeof message !== "object") throw new Error(`a process did not start: ${String(message)}`);
    return worker;
  }

  ask(task: Task, tick: () => void = () => {}): Promise<Answer> {
    const number = this.#next++;
    this.#child.send({ task, number } satisfies ToWorker);
    return new Promise((resolve, reject) => this.#waiting.set(number, { resolve, reject, tick }));
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.send({ stop: true } satisfies ToWorker);
    await exited;
  }

  #hear(message: FromWorker): void {
    if (!("number" in message)) return;
    const waiting = this.#waiting.get(message.number);
    if ("tick" in message) waiting?.tick();
    else {
      this.#waiting.delete(message.number);
      waiting?.resolve(message.answer);
    }
  }
}

/** Several processes over one store. */
export class Fleet {
  readonly #workers: readonly Worker[];
  #turn = 0;

  private constructor(workers: readonly Worker[]) {
    this.#workers = workers;
  }

  static async start(provider: string, config: unknown, size: number, runtime: Runtime = {}): Promise<Fleet> {
    const numbers = Array.from({ length: size }, (_, worker) => worker);
    const { client } = runtime;
    const setup = { provider, config, ...(client && { client }) };
    return new Fleet(await Promise.all(numbers.map((worker) => Worker.start({ ...setup, worker }, runtime))));
  }

  get size(): number {
    return this.#workers.length;
  }

  each<T>(work: (worker: Worker) => T): T[] {
    return this.#workers.map(work);
  }

  /** Another one each time. */
  any(): Worker {
    const worker = this.#workers[this.#turn++ % this.#workers.length];
    if (worker === undefined) throw new Error("no process");
    return worker;
  }

  async create(count: number): Promise<readonly string[]> {
    return (await this.any().ask({ do: "create", count })).ids;
  }

  async alive(ids: readonly string[]): Promise<readonly string[]> {
    return (await this.any().ask({ do: "alive", ids })).ids;
  }

  async read(ids: readonly string[], field: string): Promise<readonly unknown[]> {
    return (await this.any().ask({ do: "read", ids, field })).values;
  }

  /** The number of fields that exist, of those that every process saved. */
  async countFields(ids: readonly string[], workers: number, times: number): Promise<number> {
    return (await this.any().ask({ do: "fields", ids, workers, times })).accepted;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
  }
}
