import { Changes, type Draft, type Fields, type Owner } from "../record/changes.js";

/**
 * The changes of one request that are not stored, in order: those that failed commits gave back, those that commits
 * under way hold, and newer ones.
 */
export class PendingChanges {
  #returned = new Changes();
  #underWay: Changes[] = [];
  #latest = new Changes();

  /** Where the next change goes. */
  get latest(): Changes {
    return this.#latest;
  }

  /** Whether there is nothing that a commit would have to take. */
  get empty(): boolean {
    return this.#returned.empty && this.#latest.empty;
  }

  /** Whether a commit has been asked for and has not ended, waiting or under way. */
  get busy(): boolean {
    return this.#underWay.length > 0;
  }

  /** A field as the request sees it. */
  read(name: string, base: Fields | undefined): string | undefined {
    const deciding = this.#latest.covers(name) ? this.#latest : this.#earlier(name);
    return deciding === undefined ? base?.get(name) : deciding.read(name, undefined);
  }

  /** The owner that was set last and is not known to be stored. */
  get owner(): Owner | undefined {
    const underWay = this.#underWay.findLast((changes) => changes.owner !== undefined);
    return this.#latest.owner ?? underWay?.owner ?? this.#returned.owner;
  }

  /** Whether a field was changed since `changes` were taken, which are under way. */
  hides(name: string, changes: Changes): boolean {
    const newer = this.#underWay.slice(this.#underWay.indexOf(changes) + 1);
    return this.#latest.covers(name) || newer.some((each) => each.covers(name));
  }

  /** The names of the fields as the request sees them. */
  names(base: Fields | undefined): string[] {
    const draft: Draft = { fields: new Map(base), owner: undefined, ownerName: undefined, lifetime: undefined };
    for (const changes of [this.#returned, ...this.#underWay, this.#latest]) changes.applyTo(draft, false);
    return [...draft.fields.keys()];
  }

  /** Everything so far, for a commit. It ends by {@link stored} or {@link failed}. */
  take(): Changes {
    const changes = this.#withReturned(this.#latest);
    this.#latest = new Changes();
    this.#underWay.push(changes);
    return changes;
  }

  /** `changes` with what an earlier commit gave back since they were taken. */
  retake(changes: Changes): Changes {
    const both = this.#withReturned(changes);
    if (both === changes) return changes;
    this.#underWay = this.#underWay.map((each) => (each === changes ? both : each));
    return both;
  }

  stored(changes: Changes): void {
    this.#underWay = this.#underWay.filter((each) => each !== changes);
  }

  failed(changes: Changes): void {
    this.stored(changes);
    this.#returned = changes.followedBy(this.#returned);
  }

  clear(): void {
    this.#returned = new Changes();
    this.#latest = new Changes();
  }

  /** The newest of what came before the latest that decides about a field. */
  #earlier(name: string): Changes | undefined {
    const underWay = this.#underWay.findLast((changes) => changes.covers(name));
    return underWay ?? (this.#returned.covers(name) ? this.#returned : undefined);
  }

  #withReturned(changes: Changes): Changes {
    if (this.#returned.empty) return changes;
    const both = this.#returned.followedBy(changes);
    this.#returned = new Changes();
    return both;
  }
}
