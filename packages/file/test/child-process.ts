import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** What a child is told: a call, perhaps to be stopped at a method of the file system, or to go on. */
export interface Order {
  readonly method: "read" | "create" | "update" | "touch" | "gc";
  readonly args: readonly unknown[];
  readonly stopAt?: string | undefined;
  readonly go?: boolean;
}

export interface Answer {
  readonly ready?: boolean;
  readonly reached?: string;
  readonly result?: unknown;
  readonly code?: string;
}

/** Starts a module of TypeScript as a process of its own that sends and takes messages. */
export function forkModule(url: URL, args: readonly string[]): ChildProcess {
  return fork(fileURLToPath(url), [...args], {
    execArgv: ["--import", "tsx", "--conditions=@sess/source"],
    serialization: "advanced",
  });
}

/** How long a process may take to start, in milliseconds: the sources are compiled as it does. */
const startLimit = 30_000;

/**
 * Resolves to the first message of a process. One that ends before it, or says nothing for half a minute, is killed and
 * an error: nobody waits for a process that cannot start.
 */
export async function firstMessage(child: ChildProcess): Promise<unknown> {
  const over = new AbortController();
  const options = { signal: AbortSignal.any([over.signal, AbortSignal.timeout(startLimit)]) };
  try {
    const [message] = await Promise.race([
      once(child, "message", options),
      once(child, "exit", options).then(([code]) => {
        throw new Error(`a process ended with code ${code} as it started`);
      }),
    ]);
    return message;
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  } finally {
    over.abort();
  }
}

/** Another process on the directory. `clock` in milliseconds ahead of this one. */
export class Child {
  readonly #process: ChildProcess;
  readonly #answers: Answer[] = [];
  #waiting: (() => void) | undefined;

  private constructor(process: ChildProcess) {
    this.#process = process;
    process.on("message", (answer: Answer) => {
      this.#answers.push(answer);
      this.#waiting?.();
    });
  }

  static async start(directory: string, clock = 0): Promise<Child> {
    const started = forkModule(new URL("./child.ts", import.meta.url), [directory, String(clock)]);
    await firstMessage(started);
    return new Child(started);
  }

  /** One call, to its end. */
  async call(method: Order["method"], ...args: readonly unknown[]): Promise<unknown> {
    this.#process.send({ method, args });
    return this.#outcome();
  }

  /** One call, up to the file system's method. */
  async stopAt(stopAt: string, method: Order["method"], ...args: readonly unknown[]): Promise<void> {
    this.#process.send({ method, args, stopAt });
    const { reached } = await this.#next();
    if (reached !== stopAt) throw new Error(`the call ended before it came to ${stopAt}`);
  }

  /** What becomes of the call that was stopped. */
  async go(): Promise<unknown> {
    this.#process.send({ method: "read", args: [], go: true });
    return this.#outcome();
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await exited;
  }

  async #outcome(): Promise<unknown> {
    const { result, code } = await this.#next();
    return code ?? result;
  }

  async #next(): Promise<Answer> {
    while (this.#answers.length === 0) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
    return this.#answers.shift() ?? {};
  }
}
