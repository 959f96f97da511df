import { createHmac, hkdfSync } from "node:crypto";
import type { Deadline } from "../backend/deadline.js";
import type { LoadedSession } from "../backend/session-backend.js";
import { isRefusal, SessionError } from "../errors.js";
import type { RequestView } from "../http/request-view.js";
import { limits, longestLifetime } from "../limits.js";
import type { ManagerInternals } from "../session-object/internals.js";
import { foundBy, lookIn, type ParsedCookies } from "./elsewhere.js";
import { destroyOld, type OldRecord, type OldStore, readOld } from "./old-store.js";
import { type Secret, signedIds } from "./signed-cookie.js";

export interface Origin {
  readonly store: OldStore;
  /** The old cookie's. */
  readonly name: string;
  /** Not empty. */
  readonly secrets: readonly Secret[];
}

/** Sessions that were loaded for a client that may not have its new cookie yet. */
const owed = new WeakSet<object>();

/** Whether the client must still get the cookie of a loaded session. */
export function isOwed(known: object | undefined): boolean {
  return known !== undefined && owed.has(known);
}

/** Makes a Manager understand the cookies of express-session: see decision 006. */
export function understandOld(internals: ManagerInternals, origin: Origin): void {
  const mover = new Migration(internals, origin);
  lookIn(internals, async (request, req) => {
    const deadline = internals.deadline();
    const parsed = (req as ParsedCookies | undefined) ?? {};
    for (const id of signedIds(request.header("cookie"), origin.name, origin.secrets, parsed)) {
      const found = await mover.find({ request, oldId: id, deadline });
      if (found !== undefined) return found;
    }
    return undefined;
  });
}

/** A field of sessions that were taken over, which is no property of `req.session`. */
export const takenOver = "taken over from express-session";
const taken = new Error("this session was taken over before");

/** A session of the old store. */
export interface OldEntry {
  /** As the old store has it: without prefix and signature. A secret. */
  readonly id: string;
  /**
   * When it expires there, epoch milliseconds: it expires then here too, or earlier by the Manager's idle lifetime, if
   * nobody uses it. Absent: its lifetime begins anew.
   */
  readonly expiresAt?: number | undefined;
}

/**
 * What became of a session of the old store. `"taken"`: it is a session of the Manager now. `"there"`: it was one before,
 * or has been. `"none"`: the old store has no such session, or nothing in it, or it has expired.
 */
export type TakenOver = "taken" | "there" | "none";

/** An old id that a request came with. */
interface Asked {
  readonly request: RequestView;
  readonly oldId: string;
  /** How long the request waits for the old store, in all its calls together. */
  readonly deadline: Deadline;
}

export class Migration {
  readonly #internals: ManagerInternals;
  readonly #origin: Origin;

  constructor(internals: ManagerInternals, origin: Origin) {
    this.#internals = internals;
    this.#origin = origin;
  }

  /** The session that an old one became, or becomes now. The old one is removed before the request goes on. */
  async find(asked: Asked): Promise<LoadedSession | undefined> {
    const { request, oldId, deadline } = asked;
    const { store } = this.#origin;
    const id = this.#newId(oldId);
    const there = await foundBy(this.#internals, request, id);
    if (there !== undefined) return this.#joined(there, asked);
    const old = await ask(deadline, () => readOld(store, oldId));
    const created = old !== undefined && old.fields.length > 0 && (await this.#create(id, old));
    // There was no old session. Another request may have taken it over since the first look.
    const found = await foundBy(this.#internals, request, id);
    if (found === undefined) return undefined;
    if (!created) return this.#joined(found, asked);
    await ask(deadline, () => destroyOld(store, oldId));
    owed.add(found.stored);
    return found;
  }

  /** Takes a session over before its visitor has come. */
  async takeOver({ id, expiresAt }: OldEntry): Promise<TakenOver> {
    assertEntry(id, expiresAt);
    const deadline = this.#internals.deadline();
    const { store } = this.#origin;
    if (expiresAt !== undefined && expiresAt <= this.#internals.settings.now()) return "none";
    const old = await ask(deadline, () => readOld(store, id));
    if (old === undefined || old.fields.length === 0) return "none";
    const created = await this.#create(this.#newId(id), old, expiresAt);
    await ask(deadline, () => destroyOld(store, id));
    return created ? "taken" : "there";
  }

  async #joined(found: LoadedSession, { oldId, deadline }: Asked): Promise<LoadedSession> {
    await ask(deadline, () => destroyOld(this.#origin.store, oldId));
    const { settings } = this.#internals;
    // By now, the answer with the new cookie has arrived or is lost.
    const settled = settings.now() - found.stored.created >= limits.marker;
    if (found.stored.retired === undefined && settled) owed.add(found.stored);
    return found;
  }

  /** Whether it was this call that created it. */
  async #create(id: string, { fields, maxAge }: OldRecord, expiresAt?: number): Promise<boolean> {
    const { settings } = this.#internals;
    const session = this.#internals.session({ identity: this.#internals.identify(id) }, false);
    const lifetime = maxAge === undefined ? undefined : Math.min(Math.ceil(maxAge / 1000), longestLifetime);
    if (lifetime !== undefined && lifetime !== settings.cookieMaxAge) session.lifetime = lifetime;
    session.forResponse.state.unusedUntil = expiresAt;
    for (const [name, value] of fields) session.set(name, value);
    try {
      // Runs on the stored state: a session that others have created and use already must stay unchanged.
      await session.update(takenOver, (there) => {
        if (there !== undefined) throw taken;
        return true;
      });
      return true;
    } catch (error) {
      // Refused by the same session, or by the marker of what became of it.
      if (error === taken || isRefusal(error)) return false;
      throw error;
    }
  }

  /**
   * The same for every process with the old id and the secrets. Uses the last secret: new ones are put in front, and
   * the result must not depend on which one signed.
   */
  #newId(oldId: string): string {
    const { bytes, prefix } = this.#internals.settings.id;
    const secret = this.#origin.secrets.at(-1) ?? "";
    const key = createHmac("sha256", secret).update("sess/express-session/1\n").update(oldId).digest();
    return prefix + Buffer.from(hkdfSync("sha256", key, "", "session id", bytes)).toString("base64url");
  }
}

/** Before it, a time in milliseconds is taken for one in seconds: March 1973. */
const earliest = 1e11;

function assertEntry(id: unknown, expiresAt = Number.POSITIVE_INFINITY): void {
  if (typeof id !== "string" || id === "") throw new SessionError("SESS_CONFIG", '"id" must be the id of a session');
  if (expiresAt >= earliest) return;
  throw new SessionError("SESS_CONFIG", '"expiresAt" must be a time in epoch milliseconds');
}

async function ask<T>(deadline: Deadline, call: () => Promise<T>): Promise<T> {
  try {
    // rule: the-old-store-is-bounded
    return await deadline.bound(call);
  } catch (cause) {
    throw new SessionError("SESS_UNAVAILABLE", "the old session store failed", { cause });
  }
}
