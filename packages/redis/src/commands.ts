import { SessionError } from "@sess/core";
import type { Link, RedisClient } from "./client.js";
import { evaluate } from "./evaluate.js";
import { unavailable } from "./failure.js";
import type { Script } from "./scripts.js";

/** Most commands that may wait for a connection of our own to come back. */
const mostWaiting = 1000;

/** An instant of the monotonic clock, in milliseconds, by which an operation has settled. */
export type Deadline = number;

/**
 * Sends commands. Each settles by its deadline, whatever client, network and server do, and rejects with
 * `SESS_UNAVAILABLE`, or `SESS_CLOSED` after {@link Commands.close}. After a rejection it is unknown whether the
 * command was carried out or still will be.
 */
export class Commands {
  readonly #link: Link;
  readonly #timeout: number;
  #pending = 0;
  #closing: Promise<void> | undefined;

  /** `timeout` in milliseconds. */
  constructor(link: Link, timeout: number) {
    this.#link = link;
    this.#timeout = timeout;
  }

  get client(): RedisClient {
    return this.#link.client;
  }

  /** The deadline of an operation that begins now: all its commands share it. */
  deadline(): Deadline {
    return performance.now() + this.#timeout;
  }

  /** Throws `SESS_CLOSED` after {@link Commands.close}. */
  assertOpen(): void {
    if (this.#closing) throw closed();
  }

  async send<T>(command: (client: RedisClient) => Promise<T>, until: Deadline): Promise<T> {
    this.assertOpen();
    if (this.#pending >= mostWaiting && !this.#link.ready()) {
      throw unavailable("redis: too many commands are waiting for the connection");
    }
    try {
      return await this.#settle(command, until);
    } catch (error) {
      if (this.#closing) throw closed();
      throw unavailable("redis: a command failed or was not answered in time", error);
    }
  }

  /** Runs a script of one key. Its reply's first element has to be `about`, as from every script here. */
  async run(
    script: Script,
    key: string,
    about: string,
    args: readonly string[],
    until: Deadline,
  ): Promise<readonly string[]> {
    const reply = await this.send((client) => evaluate(client, script, key, args), until);
    if (!Array.isArray(reply) || reply[0] !== about) throw this.distrusted();
    return reply.slice(1).map(String);
  }

  /** For an answer that belongs to another command: drops the connection if it is ours, and makes the error. */
  distrusted(): SessionError {
    this.#link.distrust();
    return unavailable("redis: an answer was not about the record that was asked for");
  }

  close(): Promise<void> {
    this.#closing ??= this.#link.close();
    return this.#closing;
  }

  #settle<T>(command: (client: RedisClient) => Promise<T>, until: Deadline): Promise<T> {
    const left = Math.max(until - performance.now(), 1);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer within ${this.#timeout} ms`)), left);
      this.#pending++;
      const settled = () => {
        clearTimeout(timer);
        this.#pending--;
      };
      attempt(command, this.#link.client).then(resolve, reject).finally(settled);
    });
  }
}

/** A command that throws rejects instead. */
async function attempt<T>(command: (client: RedisClient) => Promise<T>, client: RedisClient): Promise<T> {
  return command(client);
}

function closed(): SessionError {
  return new SessionError("SESS_CLOSED", "the redis provider was closed");
}
