import { isSessionError } from "../errors.js";
import type { Changes, Draft, FieldUpdate } from "../record/changes.js";
import { applyChanges, sessionAfter, toDraft } from "../record/next-record.js";
import type { StoredSession } from "../record/stored-session.js";
import type { StoreContext } from "./context.js";
import type { Deadline } from "./deadline.js";
import { type HeldKey, Waiting } from "./key-queue.js";
import { conflict, goneOrRetired, unanswered } from "./refusals.js";
import type { ReliableProvider } from "./reliable-provider.js";

/** One request's commit, waiting to be written together with others. */
export class Member extends Waiting<StoredSession | undefined> {
  /** The record the request loaded or last committed; `undefined` when its session was never stored. */
  readonly base: StoredSession | undefined;
  readonly changes: Changes;
  readonly update: FieldUpdate | undefined;

  constructor(
    { base, changes, update }: Pick<Member, "base" | "changes" | "update">,
    ...waiting: ConstructorParameters<typeof Waiting<StoredSession | undefined>>
  ) {
    super(...waiting);
    this.base = base;
    this.changes = changes;
    this.update = update;
  }
}

/**
 * Writes the changes of several requests as one batch: applies them to the newest known record, and replays them on the
 * newer one whenever the store refuses. Settles every member; never rejects.
 */
export async function commitTogether(
  provider: ReliableProvider,
  context: StoreContext,
  held: HeldKey,
  members: readonly [Member, ...Member[]],
): Promise<void> {
  const batch = new Batch(context, members);
  let base = held.stored ?? members.find((member) => member.base !== undefined)?.base;
  try {
    for (let round = 0; ; round++) {
      // rule: a-marker-refuses
      if (base?.retired !== undefined) return batch.refuse(goneOrRetired(base));
      const draft = batch.applyChanges(base, round > 0);
      if (batch.members.length === 0) return;
      if (base === undefined && draft.fields.size === 0) return batch.written(undefined);
      const next = sessionAfter(context, base, draft);
      const { deadline } = batch;
      batch.begun();
      const outcome = await (base
        ? provider.update(held.key, next, base, deadline)
        : provider.create(held.key, next, deadline));
      if (outcome.written) {
        held.stored = outcome.latest;
        context.diagnostics.publish(base ? "saved" : "created", {});
        return batch.written(outcome.stored);
      }
      // rule: a-refusal-by-nothing-is-final
      if (base === undefined || outcome.current === undefined) return batch.refuse(goneOrRetired(undefined));
      base = outcome.current;
      batch.refusedOnce();
      if (deadline.passed) return batch.refuse(conflict());
      if (round > 0) await deadline.pause(Math.min(round, 20));
    }
  } catch (error) {
    if (batch.members.length === 1 || !isSessionError(error) || error.code !== "SESS_TOO_LARGE") batch.refuse(error);
    else for (const member of batch.members) await commitTogether(provider, context, held, [member]);
  }
}

function later(one: Member, other: Member): Member {
  return one.deadline.until > other.deadline.until ? one : other;
}

/** An upper bound for a write to a quick store, ms. */
const leastLeft = 20;

class Batch {
  /** The latest deadline of all members; the others are told at their own. */
  readonly deadline: Deadline;
  readonly #context: StoreContext;
  members: readonly Member[];

  constructor(context: StoreContext, members: readonly [Member, ...Member[]]) {
    this.#context = context;
    this.deadline = members.reduce(later).deadline;
    this.members = members;
  }

  /**
   * Applies the changes of every member that still waits to `base`. If a member's update function throws, only that
   * member is rejected, and it leaves no trace. `again`: the batch was refused before. Members with hardly any time
   * left are then not sent once more, so that they can be told that others prevented the write.
   */
  applyChanges(base: StoredSession | undefined, again: boolean): Draft {
    const draft = toDraft(base);
    this.members = this.members.filter((member) => {
      const { changes, update, settled, deadline } = member;
      // rule: who-gave-up-is-left-out
      if (settled || (again && deadline.left < leastLeft)) return false;
      try {
        applyChanges(draft, changes, update, base === undefined);
        return true;
      } catch (error) {
        member.reject(error);
        return false;
      }
    });
    return draft;
  }

  /** From now on, a member that runs out of time may have been written. */
  begun(): void {
    // rule: what-is-under-way-is-unknown
    for (const member of this.members) member.whenLate = unanswered;
  }

  /** From now on and until the batch is sent again, a member that runs out of time gets this as the reason. */
  refusedOnce(): void {
    for (const member of this.members) member.whenLate = conflict;
  }

  written(stored: StoredSession | undefined): void {
    for (const member of this.members) member.resolve(stored);
  }

  refuse(error: unknown): void {
    if (isSessionError(error) && this.members.length > 0) {
      this.#context.diagnostics.publish("refused", { code: error.code });
    }
    for (const member of this.members) member.reject(error);
  }
}
