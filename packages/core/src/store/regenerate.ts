import { isSessionError, type SessionError } from "../errors.js";
import type { Backend } from "./backend.js";
import { conflict, goneOrRetired } from "./commit.js";
import { freshDraft } from "./compose.js";
import { Deadline, markerAfter, type StoreContext, sessionAfter } from "./context.js";
import { destroy, everything, type Fate } from "./destroy.js";
import type { Changes, Draft } from "./fields.js";
import type { Known } from "./known.js";
import type { Lane } from "./lane.js";

/** What a regeneration works with. */
export interface RegenerationParts {
  readonly backend: Backend;
  readonly context: StoreContext;
  readonly old: Lane;
  readonly fresh: Lane;
  readonly destroyKey: (key: string, deadline: Deadline) => Promise<Fate>;
  readonly deadline: Deadline;
}

/** The successor; with `failure`, one whose old record may or may not have been retired: nobody can tell yet. */
export interface Regenerated {
  readonly known: Known;
  readonly failure?: SessionError;
}

/**
 * One regeneration. The caller holds both lanes: the old key's, and the successor's, which nobody else knows yet.
 *
 * The successor is stored first and the old record retired last, so that at every instant at which the process may
 * die the client's id is good: the client learns the new one only afterwards.
 */
export class Regeneration {
  readonly #backend: Backend;
  readonly #context: StoreContext;
  readonly #old: Lane;
  readonly #fresh: Lane;
  readonly #destroyKey: (key: string, deadline: Deadline) => Promise<Fate>;
  readonly #deadline: Deadline;

  constructor(parts: RegenerationParts) {
    this.#backend = parts.backend;
    this.#context = parts.context;
    this.#old = parts.old;
    this.#fresh = parts.fresh;
    this.#destroyKey = parts.destroyKey;
    this.#deadline = parts.deadline;
  }

  /** From a session: `changes` move to the successor with everything else. */
  async fromSession(loaded: Known, changes: Changes): Promise<Regenerated> {
    let base = this.#old.known ?? loaded;
    if (base.retired !== undefined) throw goneOrRetired(base);
    let successor = await this.#create(base, freshDraft(base, changes));
    for (let round = 0; ; round++) {
      const { retired, current, failure } = await this.#retire(base, successor);
      if (retired) return { known: successor };
      if (failure !== undefined) return { known: successor, failure };
      if (current === undefined || current.retired !== undefined)
        return this.#giveUp(successor, goneOrRetired(current));
      if (round > 0) await this.#deadline.pause(Math.min(round, 20));
      if (this.#deadline.passed) return this.#giveUp(successor, conflict());
      base = current;
      successor = await this.#bringUpToDate(successor, freshDraft(base, changes));
    }
  }

  /**
   * From an id whose marker names a successor: the client lost the answer that held its new cookie, or somebody else
   * has the old one. Nothing is taken over; what succeeded the old id is destroyed, and a new session begins.
   */
  async fromMarker(marker: Known, changes: Changes): Promise<Regenerated> {
    if (marker.retired) await this.#destroyKey(marker.retired, this.#deadline);
    const successor = await this.#create(undefined, freshDraft(undefined, changes));
    const { retired, failure } = await this.#retire(marker, successor);
    if (retired) return { known: successor };
    if (failure !== undefined) return { known: successor, failure };
    return this.#giveUp(successor, goneOrRetired(marker));
  }

  /** A successor lists no batch: none that wrote the old record may recognise itself in the new one. */
  async #create(base: Known | undefined, draft: Draft): Promise<Known> {
    const next: Known = { ...sessionAfter(this.#context, base, draft), applied: [] };
    const outcome = await this.#backend.create(this.#fresh.key, next, this.#deadline);
    if (!outcome.written) throw goneOrRetired(undefined);
    this.#fresh.known = outcome.latest;
    return outcome.known;
  }

  /** Refused by a marker: it was revoked before anybody had its id. The old record stays as it is. */
  async #bringUpToDate(successor: Known, draft: Draft): Promise<Known> {
    const next = sessionAfter(this.#context, successor, draft);
    const outcome = await this.#backend.update(this.#fresh.key, next, successor, this.#deadline);
    if (!outcome.written) throw goneOrRetired(undefined);
    this.#fresh.known = outcome.latest;
    return outcome.known;
  }

  /** A failure is returned only where the outcome is unknown: only then may the successor be the one that lives. */
  async #retire(base: Known, successor: Known): Promise<Retirement> {
    try {
      const marker = markerAfter(this.#context, base, this.#fresh.key);
      const outcome = await this.#backend.update(this.#old.key, marker, base, this.#deadline);
      if (!outcome.written) return { retired: false, current: outcome.current };
      this.#old.known = outcome.latest;
      this.#context.diagnostics.publish("regenerated", {});
      return { retired: true };
    } catch (error) {
      if (isSessionError(error) && error.code === "SESS_UNAVAILABLE") return { retired: false, failure: error };
      return this.#giveUp(successor, error);
    }
  }

  /**
   * Our successor becomes a marker, never nothing: a lost answer may still be on its way to create it. That has a
   * deadline of its own, since ours may have passed; who asked waits until ours.
   */
  async #giveUp(successor: Known, reason: unknown): Promise<never> {
    if (isSessionError(reason)) this.#context.diagnostics.publish("refused", { code: reason.code });
    const own = new Deadline(this.#context);
    const destroyKey = (key: string) => this.#destroyKey(key, own);
    const given = destroy(this.#backend, this.#context, this.#fresh, successor, everything(own), destroyKey);
    try {
      await this.#deadline.bound(() => given);
    } catch {
      // Published by the backend. What may remain is a session whose id nobody was told; it expires.
    }
    throw reason;
  }
}

interface Retirement {
  readonly retired: boolean;
  readonly current?: Known | undefined;
  readonly failure?: SessionError;
}
