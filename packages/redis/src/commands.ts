import { BoundedCalls, SessionError } from "@sess/core";
import type { Driver, Link, Replicated } from "./driver.js";
import { evaluate } from "./evaluate.js";
import { unavailable } from "./failure.js";
import { outcome, type Script } from "./scripts.js";

/** Maximum number of commands that wait for our own connection to come back, or for replicas. */
const mostWaiting = 1000;

/** An instant of the monotonic clock, in milliseconds, by which an operation must have settled. */
export type Deadline = number;

/** The answer of a script: texts, and lists of texts. */
export type Reply = readonly (string | readonly string[])[];

/**
 * Sends commands. Each settles by its deadline, whatever the client, the network and the server do. It rejects with
 * `SESS_UNAVAILABLE`, or with `SESS_CLOSED` after {@link Commands.close}. After a rejection it is unknown whether the
 * command was carried out or still will be.
 *
 * With `replicas`, every script is followed by WAIT, and its answer counts only when that many replicas have what it
 * wrote or found. WAIT delays every later command on its connection. Such scripts therefore need a connection of their
 * own: a replica that is down must not stop sessions from being read and saved.
 */
export class Commands {
  readonly #link: Link;
  readonly #timeout: number;
  readonly #replicas: number | undefined;
  readonly #calls = new BoundedCalls();
  #pending = 0;
  #closing: Promise<void> | undefined;
  #drained: (() => void) | undefined;

  /** `timeout` in milliseconds. */
  constructor(link: Link, timeout: number, replicas?: number) {
    this.#link = link;
    this.#timeout = timeout;
    this.#replicas = replicas;
  }

  /** The prefix that the client adds to every key, but not to the pattern of SCAN or to the names that it returns. */
  get keyPrefix(): string {
    return this.#link.driver.keyPrefix;
  }

  /** The deadline of an operation that begins now, shared by all its commands. */
  deadline(): Deadline {
    return performance.now() + this.#timeout;
  }

  /** Throws `SESS_CLOSED` after {@link Commands.close}. */
  assertOpen(): void {
    if (this.#closing) throw closed();
  }

  async send<T>(command: (driver: Driver) => Promise<T>, until: Deadline): Promise<T> {
    this.assertOpen();
    if (this.#pending >= mostWaiting && (this.#replicas !== undefined || !this.#link.ready())) {
      throw unavailable("redis: too many commands are waiting");
    }
    try {
      return await this.#settle(command, until);
    } catch (error) {
      if (this.#closing) throw closed();
      // While the connection is down, the client only says that it gave up; the connection knows the reason.
      throw unavailable("redis: a command failed or was not answered in time", this.#link.failure() ?? error);
    }
  }

  /**
   * Runs a script of one key and returns the rest of its reply. The first element of the reply must be `about`, as
   * every script here returns it; otherwise the reply belongs to another command.
   */
  async run(script: Script, key: string, about: string, args: readonly string[], until: Deadline): Promise<Reply> {
    const replicas = this.#replicas;
    if (replicas === undefined) {
      return this.#about(about, await this.send((driver) => evaluate(driver, script, key, args), until));
    }
    const left = () => Math.max(until - performance.now(), 1);
    const { reply, copies } = await this.send(
      async (driver): Promise<Replicated> =>
        // `parseConfig` has checked that the driver has this method.
        (await driver.runAndWait?.(script, key, [...args, "wait"], { replicas, left })) ?? noReply,
      until,
    );
    const answer = this.#about(about, reply);
    if (isDecided(answer[0]) && !(typeof copies === "number" && copies >= replicas)) {
      throw unavailable("redis: too few replicas had the write in time", copies instanceof Error ? copies : undefined);
    }
    return answer;
  }

  #about(about: string, reply: unknown): Reply {
    if (!Array.isArray(reply) || String(reply[0]) !== about) throw this.distrusted();
    return reply.slice(1).map((part: unknown) => (Array.isArray(part) ? part.map(String) : String(part)));
  }

  /** Handles an answer that belongs to another command: drops our own connection and returns the error. */
  distrusted(): SessionError {
    this.#link.distrust();
    return unavailable("redis: an answer was not about the record that was asked for");
  }

  /**
   * Resolves when our own connection is closed and no command is pending. A command already sent over a caller's client
   * goes on.
   */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    await this.#link.close();
    if (this.#pending > 0) await this.#calls.run(() => this.#whenDrained(), this.deadline()).catch(() => {});
    this.#calls.close();
  }

  #whenDrained(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained = resolve;
    });
  }

  #settle<T>(command: (driver: Driver) => Promise<T>, until: Deadline): Promise<T> {
    this.#pending++;
    this.#link.gather();
    return this.#calls.run(() => this.#ask(command), until);
  }

  /** A command that was given up stays pending until the client has settled it. */
  async #ask<T>(command: (driver: Driver) => Promise<T>): Promise<T> {
    try {
      return await command(this.#link.driver);
    } finally {
      this.#pending--;
      if (this.#pending === 0) this.#drained?.();
    }
  }
}

const noReply: Replicated = { reply: undefined, copies: undefined };

/**
 * Core treats a refusal as final too: the cause may be this very write, sent before, or a logout by another request.
 */
function isDecided(result: Reply[number] | undefined): boolean {
  return result === outcome.done || result === outcome.refused;
}

function closed(): SessionError {
  return new SessionError("SESS_CLOSED", "the redis provider was closed");
}
