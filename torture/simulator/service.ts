import { idSet, type Seen } from "./captured-response.js";
import { tokenOf } from "./checks.js";
import type { Fact, FactKind, Flush, Handle } from "./ledger.js";
import type { End, Session, Surroundings } from "./surroundings.js";

/** Errors after which it is certain that nothing was written. */
const certain: ReadonlySet<string> = new Set(["SESS_GONE", "SESS_RETIRED", "SESS_CLOSED"]);

/** Every operation settles within this time, in ms. A timer fires within a millisecond. */
const mostTime = 10_001;

/** Serves one request: does what a handler would do, and records the answers in the ledger. */
export class Service {
  readonly handle: Handle;
  readonly #world: Surroundings;
  /** Written and neither acknowledged nor refused yet. */
  #pending: Fact[] = [];
  /** Those of them that are in a commit and have not failed. */
  readonly #taken = new Set<Fact>();
  readonly #flushes: Flush[] = [];
  #end: End | undefined;

  constructor(world: Surroundings, handle: Handle) {
    this.#world = world;
    this.handle = handle;
  }

  serial(): number {
    return this.#world.ledger.tick();
  }

  fact(kind: FactKind, field: string, value: string | number): Fact {
    const invoked = this.#world.ledger.tick();
    const at = this.#world.time.now;
    return { handle: this.handle, kind, field, value, invoked, at, status: "pending", maybe: false, voided: false };
  }

  /** A change that waits for a commit. */
  writes(fact: Fact): void {
    this.#world.ledger.facts.push(fact);
    this.#pending.push(fact);
  }

  flushed(): void {
    const flush = { handle: this.handle, invoked: this.#world.ledger.tick(), settled: Number.POSITIVE_INFINITY };
    this.#world.ledger.flushes.push(flush);
    this.#flushes.push(flush);
  }

  /** A field that may be deleted without another request missing it. */
  removable(): Fact | undefined {
    return this.#world.ledger.facts.find(
      (fact) => fact.kind === "field" && !fact.voided && fact.handle.client === this.handle.client,
    );
  }

  /** An operation that stores what is pending, and `more` along with it. */
  async commit(name: string, session: Session, more: readonly Fact[], work: () => Promise<void>): Promise<void> {
    // An update takes the pending changes at once. A release waits for commits under way, and also takes what they gave
    // back.
    const waits = more.length === 0;
    const facts = [...this.#pending.filter((fact) => waits || !this.#taken.has(fact)), ...more];
    for (const fact of facts) this.#taken.add(fact);
    this.#world.ledger.facts.push(...more);
    try {
      await this.call(name, work);
    } catch (error) {
      const code = codeOf(error);
      for (const fact of facts) {
        if (!certain.has(code)) fact.maybe = true;
        // The response gave it up before its outcome was known.
        else if (fact.status === "unknown" && !fact.maybe) fact.status = "refused";
        this.#taken.delete(fact);
        if (more.includes(fact)) fact.status = fact.maybe ? "unknown" : "refused";
      }
      throw error;
    }
    this.#acknowledged(facts, this.#world.keyOf(session.id));
  }

  /** After the response, an operation is refused at once, or stored, or its failure is published. */
  setLate(session: Session): void {
    const fact = this.fact("field", `late${this.serial()}`, this.serial());
    this.#world.log(`${this.handle.name} sets ${fact.field} after the end`);
    try {
      session.set(fact.field, fact.value);
    } catch (error) {
      this.#world.log(`${this.handle.name}: ${codeOf(error)}`);
      return;
    }
    fact.status = "unknown";
    fact.key = this.#world.keyOf(session.id);
    this.#world.ledger.facts.push(fact);
    this.#world.ledger.late.push(fact);
  }

  async regenerate(session: Session): Promise<void> {
    const { ledger, checks, store } = this.#world;
    const old = this.#world.keyOf(session.id);
    const facts = [...this.#pending];
    const ending = { handle: this.handle, keys: [...this.handle.keys], acknowledged: false };
    ledger.regenerations.push(ending);
    try {
      await this.call("regenerate", () => session.regenerate());
    } catch (error) {
      if (!certain.has(codeOf(error))) for (const fact of facts) fact.maybe = true;
      const moved = this.#world.keyOf(session.id);
      if (moved !== old && this.handle.sender.alive) {
        // Its outcome is unknown, and the new id goes out all the same.
        ledger.fork(old, moved);
        this.#moved(moved);
      }
      throw error;
    }
    const now = this.#world.keyOf(session.id);
    if (!this.handle.stored) {
      this.handle.keys.splice(-1, 1, now);
      return;
    }
    ending.acknowledged = true;
    this.#moved(now);
    if (this.handle.sender.alive && checks.liveSession(old)) {
      checks.violated("G4", `${this.handle.name} regenerated, and the old id ${ledger.name(old)} is good`);
    }
    if (!store.records.has(now))
      checks.violated("G8", `${this.handle.name} regenerated to an id nothing is stored under`);
    this.#acknowledged(facts, now);
  }

  async destroy(session: Session): Promise<void> {
    const keys = [...this.handle.keys];
    const ending = { handle: this.handle, keys, acknowledged: false };
    this.#world.ledger.destroys.push(ending);
    await this.call("destroy", () => session.destroy());
    this.handle.destroyed = true;
    if (!this.handle.sender.alive) return;
    ending.acknowledged = true;
    // A session whose creation was never acknowledged may exist, and nobody has its id.
    if (!this.handle.stored && !this.#world.ledger.told.has(keys.at(-1) ?? "")) keys.pop();
    this.#drop();
    this.#world.checks.destroyedStaysDestroyed();
  }

  /** Any operation: an error has to have a reason. */
  async call(name: string, work: () => Promise<void>): Promise<void> {
    const begun = this.#world.time.now;
    this.#world.log(`${this.handle.name} ${name}`);
    try {
      await work();
      this.#world.log(`${this.handle.name} ${name}: done`);
    } catch (error) {
      const code = codeOf(error);
      this.#world.log(`${this.handle.name} ${name}: ${code}`);
      if (code === "SESS_UNAVAILABLE") this.handle.unknown = true;
      this.#world.reasons.check(this.handle, name, code, begun);
      throw error;
    } finally {
      const took = this.#world.time.now - begun;
      if (took > mostTime && this.handle.sender.alive) {
        this.#world.checks.violated("deadline", `${this.handle.name} ${name} took ${took} ms`);
      }
    }
  }

  ends(end: End): void {
    this.#end = end;
  }

  /** The response has been sent. */
  sent(seen: Seen): void {
    this.handle.ended = true;
    const { ledger, checks } = this.#world;
    if (!this.handle.sender.alive) return;
    const success = seen.status >= 200 && seen.status < 300;
    if (success) this.#acknowledged([...this.#pending], this.handle.keys.at(-1) ?? "");
    else this.#failed(seen.status);
    // Changes made while the head was held were stored with the response, which reported them.
    if (!success)
      ledger.late.splice(0, ledger.late.length, ...ledger.late.filter(({ handle }) => handle !== this.handle));
    if (success !== (this.#end === "ok") && success) {
      checks.violated("G8", `${this.handle.name} failed, and its response is ${seen.status}`);
    }
    const certainly = !this.handle.unknown && seen.status !== 503;
    for (const flush of this.#flushes) if (certainly) flush.settled = ledger.tick();
    this.#checkCookie(seen);
    this.#world.reasons.checkResponse(this.handle, this.#end, seen.status);
  }

  /** Its process is no more. */
  crashed(): void {
    this.handle.ended = true;
    this.handle.unknown = true;
    for (const fact of this.#world.ledger.facts) {
      if (fact.handle === this.handle && fact.status === "pending") fact.status = "unknown";
    }
    this.#pending = [];
  }

  #checkCookie(seen: Seen): void {
    const { ledger, checks, store } = this.#world;
    const { name, keys, owesCookie, destroyed } = this.handle;
    const id = idSet(seen);
    if (id === "") {
      if (!destroyed) checks.violated("cookie", `${name} cleared the cookie and destroyed nothing`);
      return;
    }
    if (id === undefined) {
      if (owesCookie && !destroyed && seen.status !== 0) checks.violated("cookie", `${name} did not send its new id`);
      return;
    }
    const key = this.#world.keyOf(id);
    ledger.told.add(key);
    const record = store.records.get(key);
    if (record === undefined) checks.violated("G8", `${name} set a cookie whose record is not stored`);
    if (key === this.handle.presented) checks.violated("cookie", `${name} set the id that it was presented`);
    if (key !== keys.at(-1)) checks.violated("cookie", `${name} set an id that its session does not have`);
    if (record?.retired !== undefined && !ledger.endedOnPurpose(key) && !ledger.regeneratedOnPurpose(key)) {
      checks.violated("G8", `${name} set the id of a session that is no more, and that nobody ended`);
    }
  }

  #moved(key: string): void {
    this.handle.keys.push(key);
    this.handle.stored = true;
    this.handle.owesCookie = true;
  }

  #acknowledged(facts: readonly Fact[], key: string): void {
    if (!this.handle.sender.alive) return;
    const { ledger, checks, store } = this.#world;
    for (const fact of facts) {
      fact.status = "acknowledged";
      fact.key = key;
      const absent = !ledger.mayBeGone(fact) && !wasStored(ledger.stored(key), fact);
      if (absent) checks.violated("G8", `${this.handle.name}'s ${tokenOf(fact)} was acknowledged before it was stored`);
    }
    this.#pending = this.#pending.filter((fact) => !facts.includes(fact));
    const record = store.records.get(key);
    const kept = facts.filter((fact) => !ledger.mayBeGone(fact));
    if (kept.length > 0 && record !== undefined && !this.handle.stored) {
      this.handle.stored = true;
      this.handle.owesCookie = true;
    }
    checks.factsAreIn(ledger.head(key));
    if (kept.length === 0 || record === undefined || record.retired !== undefined) return;
    if (record.expiresAt < this.#world.leastExpiry(record, Math.min(...kept.map(({ at }) => at)))) {
      checks.violated("G5", `${this.handle.name} stored something, and ${ledger.name(key)} expires too early`);
    }
  }

  /** The response reports a failure: committed changes stay, and the others must not be stored anywhere. */
  #failed(status: number): void {
    const unknown = status === 503 || status === 0;
    if (this.#end === "ok" && unknown) for (const fact of this.#pending) fact.maybe = true;
    this.#drop();
  }

  #drop(): void {
    for (const fact of this.#pending) {
      // A commit that includes it may still report its outcome, even in the same instant if both timed out.
      fact.status = fact.maybe || this.#taken.has(fact) ? "unknown" : "refused";
    }
    this.#pending = [];
  }
}

/** If several increments were stored together, only the last value was ever stored. */
function wasStored(tokens: ReadonlySet<string>, fact: Fact): boolean {
  if (fact.kind !== "increment") return tokens.has(tokenOf(fact));
  return [...tokens].some((token) => token.startsWith("n=") && Number(token.slice(2)) >= Number(fact.value));
}

export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : String(error);
}
