import { type Finding, isSessionError, type Provider, SessionError, type SessionRecord, type Update } from "@sess/core";
import { type Draft, draftOf } from "./body.js";
import { collect } from "./collect.js";
import { diagnose } from "./diagnose.js";
import { newerLayout, unavailable } from "./failure.js";
import { inTime } from "./in-time.js";
import { digest, type Label, wholeTime } from "./label.js";
import type { Slots } from "./slots.js";
import { type Found, labels } from "./walk.js";

/** Maximum number of attempts while others change the key. Each failed attempt means that another write succeeded. */
const rounds = 100;
/** Maximum time in which a listing of an owner's keys yields nothing although there are keys, in milliseconds. */
const silence = 1000;
/** Requests another attempt. */
const again = Symbol("again");

/**
 * One handle on a directory. There are no locks: each call looks at the key's label and then changes it by one rename,
 * which fails if the label has changed meanwhile.
 */
export class FileStore implements Provider {
  readonly #slots: Slots;
  readonly #now: () => number;
  readonly #underWay = new Set<Promise<unknown>>();
  #closed = false;

  constructor(slots: Slots, now: () => number) {
    this.#slots = slots;
    this.#now = now;
  }

  diagnose(): Promise<readonly Finding[]> {
    return this.#guard(() => diagnose(this.#slots));
  }

  read(key: string): Promise<SessionRecord | undefined> {
    return this.#settle(key, async () => {
      const label = await this.#live(key);
      return label && this.#load(key, label);
    });
  }

  create(key: string, record: SessionRecord): Promise<boolean> {
    return this.#store(key, record, async (draft) => {
      if (await this.#slots.install(key, draft)) return true;
      const slot = await this.#slots.look(key);
      if (slot === undefined) return again;
      if (slot.isLater) throw newerLayout();
      if (slot.label === undefined) {
        if (slot.hasForeign) throw unavailable("files that are not ours are in the way of a session");
        await this.#slots.clear(key, slot.bodies);
        return again;
      }
      if (slot.label.expiresAt > this.#now()) {
        const there = await this.#load(key, slot.label);
        if (there !== undefined) return there === again ? again : false;
      }
      return (await this.#slots.replace(key, slot.label, draft, draft.label.expiresAt)) || again;
    });
  }

  update(key: string, record: SessionRecord, expected: string): Promise<Update> {
    const wanted = digest(expected);
    return this.#store<Update>(key, record, async (draft) => {
      const label = await this.#live(key);
      if (label === undefined) return { written: false, current: undefined };
      if (label.version !== wanted) {
        const current = await this.#load(key, label);
        return current === again ? again : { written: false, current };
      }
      const own = draft.label.expiresAt;
      const expiresAt = draft.label.isMarker ? own : Math.max(label.expiresAt, own);
      return (await this.#slots.replace(key, label, draft, expiresAt)) ? { written: true } : again;
    });
  }

  touch(key: string, expiresAt: number, expected: string): Promise<boolean> {
    return this.#settle(key, async () => {
      const label = await this.#live(key);
      if (label === undefined || label.isMarker || label.version !== digest(expected)) return false;
      const later = wholeTime(expiresAt);
      if (later <= label.expiresAt) return true;
      return (await this.#slots.relabel(key, label, { ...label, expiresAt: later })) || again;
    });
  }

  async count(): Promise<number> {
    let sessions = 0;
    for await (const _ of this.keys()) sessions += 1;
    return sessions;
  }

  gc(): Promise<number> {
    return this.#guard(() => collect(this.#slots, this.#now, () => this.#closed));
  }

  /** Resolves when this handle no longer changes the directory. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#underWay);
  }

  async *keys(): AsyncGenerator<string> {
    for await (const { key, label } of this.#found()) {
      if (!label.isMarker && label.expiresAt > this.#now()) yield key;
    }
  }

  /**
   * Expired records are included until gc removes them: a process whose clock is behind may still renew one. If the
   * owner has few keys among many, a key of another owner is yielded each second, so that a waiting caller sees
   * progress.
   */
  async *keysOf(owner: string): AsyncGenerator<string> {
    const wanted = digest(owner);
    let yielded = performance.now();
    for await (const { key, label } of this.#found()) {
      if (label.owner !== wanted && performance.now() - yielded < silence) continue;
      yield key;
      yielded = performance.now();
    }
  }

  async *#found(): AsyncGenerator<Found> {
    this.#assertOpen();
    const found = labels(this.#slots);
    for (;;) {
      const next = await this.#guard(() => inTime(() => found.next()));
      if (next.done === true) return;
      yield next.value;
      this.#assertOpen();
    }
  }

  async #live(key: string): Promise<Label | undefined> {
    const slot = await this.#slots.look(key);
    if (slot?.isLater) throw newerLayout();
    return slot?.label && slot.label.expiresAt > this.#now() ? slot.label : undefined;
  }

  async #load(key: string, label: Label): Promise<SessionRecord | undefined | typeof again> {
    const record = await this.#slots.load(key, label);
    return record === "moved" ? again : record;
  }

  /** The record is encoded before the first await, since the caller may change it later. */
  #store<T>(key: string, record: SessionRecord, round: (draft: Draft) => Promise<T | typeof again>): Promise<T> {
    let draft: Draft | undefined;
    return this.#settle(key, () => {
      draft ??= draftOf(key, record);
      return round(draft);
    });
  }

  /** Repeats `round` until it has an answer or time is up. */
  #settle<T>(key: string, round: () => Promise<T | typeof again>): Promise<T> {
    return this.#guard(() => inTime(() => this.#round(key, round)));
  }

  async #round<T>(key: string, round: () => Promise<T | typeof again>): Promise<T> {
    if (!/^[0-9a-f]{64}$/.test(key)) throw new SessionError("SESS_UNSUPPORTED", "a key has 64 hexadecimal digits");
    for (let count = 0; count < rounds; count += 1) {
      const answer = await round();
      if (answer !== again) return answer;
    }
    throw unavailable(`others changed a session ${rounds} times while one call waited for its turn`);
  }

  #guard<T>(call: () => Promise<T>): Promise<T> {
    const work = this.#guarded(call);
    const over = () => this.#underWay.delete(work);
    this.#underWay.add(work);
    work.then(over, over);
    return work;
  }

  async #guarded<T>(call: () => Promise<T>): Promise<T> {
    this.#assertOpen();
    try {
      return await call();
    } catch (error) {
      throw isSessionError(error) ? error : unavailable("the file system failed", error);
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw new SessionError("SESS_CLOSED", "the file provider was closed");
  }
}
