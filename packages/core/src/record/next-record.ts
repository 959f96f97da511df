import { randomToken } from "../ids.js";
import { limits } from "../limits.js";
import type { FieldSchemas } from "../schema/field-schemas.js";
import type { Changes, Draft, FieldUpdate } from "./changes.js";
import type { RecentWrites, StoredSession } from "./stored-session.js";

/** What the next record depends on besides the present one and the changes. */
export interface RecordContext {
  readonly now: () => number;
  /** Idle lifetime, ms. */
  readonly idle: number;
  /** Absolute lifetime, ms; Infinity when there is none. */
  readonly absolute: number;
  /** Names this Manager in `recentWrites`. */
  readonly managerId: string;
  /** What is known of the fields' types, if anything. */
  readonly schemas?: FieldSchemas | undefined;
}

/** What follows `base` when nothing is changed; without one, a session that holds nothing. */
export function toDraft(base: StoredSession | undefined): Draft {
  return {
    fields: new Map(base?.fields),
    owner: base?.owner,
    ownerName: base?.ownerName,
    lifetime: base?.lifetime,
  };
}

/**
 * `base` with one request's changes, as the first record of a session. `reseal` makes an owner's name readable with the
 * id of that record.
 */
export function freshDraft(
  base: StoredSession | undefined,
  changes: Changes,
  reseal: (ownerName: string) => string | undefined,
): Draft {
  const draft = toDraft(base);
  if (draft.ownerName !== undefined) draft.ownerName = reseal(draft.ownerName);
  changes.applyTo(draft, true);
  return draft;
}

/** Applies one request's changes to a draft, in place. If its update function throws, the draft is unchanged. */
export function applyChanges(draft: Draft, changes: Changes, update: FieldUpdate | undefined, fresh: boolean): void {
  const result = update?.run(changes.read(update.name, draft.fields));
  changes.applyTo(draft, fresh);
  if (update === undefined) return;
  if (result === undefined) draft.fields.delete(update.name);
  else draft.fields.set(update.name, result);
}

/** When a session that is used now will end, epoch milliseconds. `idle` is the Manager's idle lifetime, ms. */
export function expiryOfUse(
  { absolute, lifetime }: Pick<StoredSession, "absolute" | "lifetime">,
  now: number,
  idle: number,
): number {
  return Math.min(absolute, now + (lifetime ?? idle));
}

/** If every new expiry were stored, every read would be a write. So a tenth of the lifetime must pass first. */
export function isTouchDue(stored: StoredSession, now: number, idle: number): boolean {
  return expiryOfUse(stored, now, idle) - stored.expiresAt >= (stored.lifetime ?? idle) / 10;
}

/** A batch's id, which is its record's version on every attempt. Never used twice, on any key. */
function newWriteId(): string {
  // rule: a-write-id-is-never-used-twice
  return randomToken(16);
}

function withWrite(
  context: RecordContext,
  recentWrites: RecentWrites | undefined,
  writeId: string,
  now: number,
): RecentWrites {
  const others =
    recentWrites?.filter(
      ([managerId, , time]) => managerId !== context.managerId && now - time < limits.recentWrites,
    ) ?? [];
  // rule: every-manager-is-listed
  return [...others, [context.managerId, writeId, now]];
}

/** The session that follows `base` with the contents of the draft; without a base, one that begins now. */
export function sessionAfter(context: RecordContext, base: StoredSession | undefined, draft: Draft): StoredSession {
  const now = context.now();
  const version = newWriteId();
  const absolute = draft.absolute === undefined ? (base?.absolute ?? now + context.absolute) : now + draft.absolute;
  return {
    version,
    expiresAt: Math.min(
      expiryOfUse({ absolute, lifetime: draft.lifetime }, now, context.idle),
      draft.unusedUntil ?? Number.POSITIVE_INFINITY,
    ),
    owner: draft.owner,
    ownerName: draft.ownerName,
    retired: undefined,
    created: base?.created ?? now,
    saved: now,
    lifetime: draft.lifetime,
    absolute,
    recentWrites: withWrite(context, base?.recentWrites, version, now),
    handle: base?.handle,
    schemaVersion: base === undefined ? context.schemas?.version : base.schemaVersion,
    fields: draft.fields,
    over: base?.over,
  };
}

/**
 * The marker that replaces `base` when it moves to the key `retired` or is destroyed (`""`). It keeps `recentWrites`,
 * so that a batch whose answer was lost is still recognised, and the owner; nothing else.
 */
export function markerAfter(
  context: RecordContext,
  base: Pick<StoredSession, "owner" | "recentWrites">,
  retired: string,
): StoredSession {
  const now = context.now();
  const version = newWriteId();
  return {
    version,
    expiresAt: now + limits.marker,
    // rule: a-marker-keeps-the-owner
    owner: base.owner,
    ownerName: undefined,
    retired,
    created: 0,
    saved: 0,
    lifetime: undefined,
    absolute: Number.POSITIVE_INFINITY,
    // rule: a-marker-keeps-who-wrote-last
    recentWrites: withWrite(context, base.recentWrites, version, now),
    handle: undefined,
    schemaVersion: undefined,
    fields: new Map(),
  };
}
