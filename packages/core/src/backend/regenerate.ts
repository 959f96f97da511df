import { isSessionError, type SessionError } from "../errors.js";
import { handleOf } from "../ids.js";
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
  /** Makes an owner's name that is sealed for the old id readable with the new one. */
  readonly reseal: (ownerName: string) => string | undefined;
}

/** The successor. With `failure`, it is unknown whether the old record was retired. */
export interface Regenerated {
  readonly stored: StoredSession;
  readonly failure?: SessionError;
}

/**
 * One regeneration. The caller holds the queues of the old key and of the successor's key, which no other request knows
 * yet.
 *
 * The successor is stored first and the old record is retired last. The client gets the new id only afterwards, so its
 * id is valid at every instant at which the process may die.
 */
export class Regeneration {
  readonly #provider: ReliableProvider;
  readonly #context: StoreContext;
  readonly #destroyer: Destroyer;
  readonly #old: HeldKey;
  readonly #fresh: HeldKey;
  readonly #deadline: Deadline;
  readonly #reseal: RegenerationParts["reseal"];

  constructor(parts: RegenerationParts) {
    this.#provider = parts.provider;
    this.#context = parts.context;
    this.#destroyer = parts.destroyer;
    this.#old = parts.old;
    this.#fresh = parts.fresh;
    this.#deadline = parts.deadline;
    this.#reseal = parts.reseal;
  }

  /** From a session: `changes` move to the successor with everything else. */
  async fromSession(loaded: StoredSession, changes: Changes): Promise<Regenerated> {
    let base = this.#old.stored ?? loaded;
    if (base.retired !== undefined) throw goneOrRetired(base);
    // The handle outlives the id: a page that lists the session may have been printed before.
    const known = { ...base, handle: base.handle ?? handleOf(this.#old.key) };
    let successor = await this.#create(known, this.#draft(base, changes));
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
      successor = await this.#bringUpToDate(successor, this.#draft(base, changes));
    }
  }

  /**
   * From an id whose marker names a successor: either the client lost the answer with its new cookie, or another person
   * has the old one. Nothing is taken over: the successor of the old id is destroyed, and a new session begins.
   */
  async fromMarker(marker: StoredSession, changes: Changes): Promise<Regenerated> {
    // rule: a-retired-id-ends-its-successor
    if (marker.retired) await this.#destroyer.destroy(marker.retired, this.#deadline);
    const successor = await this.#create(undefined, this.#draft(undefined, changes));
    // rule: a-retired-id-at-the-version-loaded
    const { retired, failure } = await this.#retire(marker, successor);
    if (retired) return { stored: successor };
    if (failure !== undefined) return { stored: successor, failure };
    return this.#giveUp(successor, goneOrRetired(marker));
  }

  #draft(base: StoredSession | undefined, changes: Changes): Draft {
    return freshDraft(base, changes, this.#reseal);
  }

  /** A successor lists no batch: a batch written to the old record must not be recognised in the new one. */
  async #create(base: StoredSession | undefined, draft: Draft): Promise<StoredSession> {
    // rule: a-successor-lists-no-write
    const next: StoredSession = { ...sessionAfter(this.#context, base, draft), recentWrites: [] };
    const outcome = await this.#provider.create(this.#fresh.key, next, this.#deadline);
    if (!outcome.written) throw goneOrRetired(undefined);
    this.#fresh.stored = outcome.latest;
    return outcome.stored;
  }

  /** If a marker refuses, the successor was revoked before any client had its id. The old record stays as it is. */
  async #bringUpToDate(successor: StoredSession, draft: Draft): Promise<StoredSession> {
    const next = sessionAfter(this.#context, successor, draft);
    const outcome = await this.#provider.update(this.#fresh.key, next, successor, this.#deadline);
    // rule: a-revoked-successor-stays-revoked
    if (!outcome.written) throw goneOrRetired(undefined);
    this.#fresh.stored = outcome.latest;
    return outcome.stored;
  }

  /** Returns a failure only if the outcome is unknown: only then may the successor be the live one. */
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
   * Our successor becomes a marker and is not removed, since a lost write may still create it. This has a deadline of
   * its own, because ours may have passed; the caller waits until ours.
   */
  async #giveUp(successor: StoredSession, reason: unknown): Promise<never> {
    if (isSessionError(reason)) this.#context.diagnostics.publish("refused", { code: reason.code });
    const own = new Deadline(this.#context);
    // rule: a-lost-successor-becomes-a-marker
    const given = this.#destroyer.destroyHeld(this.#fresh, own, successor);
    try {
      await this.#deadline.bound(() => given);
    } catch {
      // The backend has published it. A session may remain whose id no client has; it expires.
    }
    throw reason;
  }
}

interface Retirement {
  readonly retired: boolean;
  readonly current?: StoredSession | undefined;
  readonly failure?: SessionError;
}
