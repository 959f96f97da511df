import { BoundedCalls, SessionError } from "@sess/core";
import type { Driver, Link, Replicated } from "./driver.js";
import { evaluate } from "./evaluate.js";
import { unavailable } from "./failure.js";
import { outcome, type Script } from "./scripts.js";

/** Most commands that may wait for a connection of our own to come back, or for replicas. */
const mostWaiting = 1000;

/** An instant of the monotonic clock, in milliseconds, by which an operation has settled. */
export type Deadline = number;

/** What a script answered: texts, and lists of texts. */
export type Reply = readonly (string | readonly string[])[];

/**
 * Sends commands. Each settles by its deadline, whatever client, network and server do, and rejects with
 * `SESS_UNAVAILABLE`, or `SESS_CLOSED` after {@link Commands.close}. After a rejection it is unknown whether the
 * command was carried out or still will be.
 *
 * With `replicas` every script is followed by WAIT, and its answer counts only when so many replicas have what it wrote
 * or found. Until they have it WAIT holds up whatever comes behind it, so that such commands need a connection of their
 * own: a replica that is down must not keep sessions from being read and saved.
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

  /** What the client puts before every key, but not before the pattern of SCAN or the names that it returns. */
  get keyPrefix(): string {
    return this.#link.driver.keyPrefix;
  }

  /** The deadline of an operation that begins now: all its commands share it. */
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
      // While the connection is down the client says that it gave up, and the connection why.
      throw unavailable("redis: a command failed or was not answered in time", this.#link.failure() ?? error);
    }
  }

  /**
   * Runs a script of one key; the rest of its reply. The reply's first element has to be `about`, as from every script
   * here: else it answers another command.
   */
  async run(script: Script, key: string, about: string, args: readonly string[], until: Deadline): Promise<Reply> {
    const replicas = this.#replicas;
    if (replicas === undefined) {
      return this.#about(about, await this.send((driver) => evaluate(driver, script, key, args), until));
    }
    const left = () => Math.max(until - performance.now(), 1);
    const { reply, copies } = await this.send(
      async (driver): Promise<Replicated> =>
        // Checked with the configuration.
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

  /** For an answer that belongs to another command: drops the connection if it is ours, and makes the error. */
  distrusted(): SessionError {
    this.#link.distrust();
    return unavailable("redis: an answer was not about the record that was asked for");
  }

  /** Resolves when what we opened is closed and nothing is under way: over the caller's client what was sent goes on. */
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

  /** Also one that is given up is under way until the client has settled it. */
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

/** Core takes a refusal, too, for something done: by this very write, sent before, or by somebody else's logout. */
function isDecided(result: Reply[number] | undefined): boolean {
  return result === outcome.done || result === outcome.refused;
}

function closed(): SessionError {
  return new SessionError("SESS_CLOSED", "the redis provider was closed");
}
