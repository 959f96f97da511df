import { isSessionError, type SessionError } from "../errors.js";
import type { Changes, Draft } from "../record/changes.js";
import { freshDraft, markerAfter, sessionAfter } from "../record/next-record.js";
import type { StoredSession } from "../record/stored-session.js";
import type { StoreContext } from "./context.js";
import { Deadline } from "./deadline.js";
import type { Destroyer } from "./destroy.js";
import type { HeldKey } from "./key-queue.js";
import { conflict, goneOrRetired } from "./refusals.js";
import type { ReliableProvider } from "./reliable-provider.js";

/** What a regeneration works with. */
export interface RegenerationParts {
  readonly provider: ReliableProvider;
  readonly context: StoreContext;
  readonly destroyer: Destroyer;
  readonly old: HeldKey;
  readonly fresh: HeldKey;
  readonly deadline: Deadline;
}

/** The successor; with `failure`, one whose old record may or may not have been retired: nobody can tell yet. */
export interface Regenerated {
  readonly stored: StoredSession;
  readonly failure?: SessionError;
}

/**
 * One regeneration. The caller holds both queues: the old key's, and the successor's, which nobody else knows yet.
 *
 * The successor is stored first and the old record retired last, so that at every instant at which the process may
 * die the client's id is good: the client learns the new one only afterwards.
 */
export class Regeneration {
  readonly #provider: ReliableProvider;
  readonly #context: StoreContext;
  readonly #destroyer: Destroyer;
  readonly #old: HeldKey;
  readonly #fresh: HeldKey;
  readonly #deadline: Deadline;

  constructor(parts: RegenerationParts) {
    this.#provider = parts.provider;
    this.#context = parts.context;
    this.#destroyer = parts.destroyer;
    this.#old = parts.old;
    this.#fresh = parts.fresh;
    this.#deadline = parts.deadline;
  }

  /** From a session: `changes` move to the successor with everything else. */
  async fromSession(loaded: StoredSession, changes: Changes): Promise<Regenerated> {
    let base = this.#old.stored ?? loaded;
    if (base.retired !== undefined) throw goneOrRetired(base);
    let successor = await this.#create(base, freshDraft(base, changes));
    for (let round = 0; ; round++) {
      const { retired, current, failure } = await this.#retire(base, successor);
      if (retired) return { stored: successor };
      if (failure !== undefined) return { stored: successor, failure };
      if (current === undefined || current.retired !== undefined)
        return this.#giveUp(successor, goneOrRetired(current));
      if (round > 0) await this.#deadline.pause(Math.min(round, 20));
      if (this.#deadline.passed) return this.#giveUp(successor, conflict());
      base = current;
      // rule: regenerate-replays
      successor = await this.#bringUpToDate(successor, freshDraft(base, changes));
    }
  }

  /**
   * From an id whose marker names a successor: the client lost the answer that held its new cookie, or somebody else
   * has the old one. Nothing is taken over; what succeeded the old id is destroyed, and a new session begins.
   */
  async fromMarker(marker: StoredSession, changes: Changes): Promise<Regenerated> {
    // rule: a-retired-id-ends-its-successor
    if (marker.retired) await this.#destroyer.destroy(marker.retired, this.#deadline);
    const successor = await this.#create(undefined, freshDraft(undefined, changes));
    // rule: a-retired-id-at-the-version-loaded
    const { retired, failure } = await this.#retire(marker, successor);
    if (retired) return { stored: successor };
    if (failure !== undefined) return { stored: successor, failure };
    return this.#giveUp(successor, goneOrRetired(marker));
  }

  /** A successor lists no batch: none that wrote the old record may recognise itself in the new one. */
  async #create(base: StoredSession | undefined, draft: Draft): Promise<StoredSession> {
    // rule: a-successor-lists-no-write
    const next: StoredSession = { ...sessionAfter(this.#context, base, draft), recentWrites: [] };
    const outcome = await this.#provider.create(this.#fresh.key, next, this.#deadline);
    if (!outcome.written) throw goneOrRetired(undefined);
    this.#fresh.stored = outcome.latest;
    return outcome.stored;
  }

  /** Refused by a marker: it was revoked before anybody had its id. The old record stays as it is. */
  async #bringUpToDate(successor: StoredSession, draft: Draft): Promise<StoredSession> {
    const next = sessionAfter(this.#context, successor, draft);
    const outcome = await this.#provider.update(this.#fresh.key, next, successor, this.#deadline);
    // rule: a-revoked-successor-stays-revoked
    if (!outcome.written) throw goneOrRetired(undefined);
    this.#fresh.stored = outcome.latest;
    return outcome.stored;
  }

  /** A failure is returned only where the outcome is unknown: only then may the successor be the one that lives. */
  async #retire(base: StoredSession, successor: StoredSession): Promise<Retirement> {
    try {
      const marker = markerAfter(this.#context, base, this.#fresh.key);
      const outcome = await this.#provider.update(this.#old.key, marker, base, this.#deadline);
      if (!outcome.written) return { retired: false, current: outcome.current };
      this.#old.stored = outcome.latest;
      this.#context.diagnostics.publish("regenerated", {});
      return { retired: true };
    } catch (error) {
      // rule: unknown-is-not-refused
      if (isSessionError(error) && error.code === "SESS_UNAVAILABLE") return { retired: false, failure: error };
      return this.#giveUp(successor, error);
    }
  }

  /**
   * Our successor becomes a marker, never nothing: a lost answer may still be on its way to create it. That has a
   * deadline of its own, since ours may have passed; who asked waits until ours.
   */
  async #giveUp(successor: StoredSession, reason: unknown): Promise<never> {
    if (isSessionError(reason)) this.#context.diagnostics.publish("refused", { code: reason.code });
    const own = new Deadline(this.#context);
    // rule: a-lost-successor-becomes-a-marker
    const given = this.#destroyer.destroyHeld(this.#fresh, own, successor);
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
  readonly current?: StoredSession | undefined;
  readonly failure?: SessionError;
}
