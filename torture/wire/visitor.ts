import { isSessionError, type SessionStore, type StoreManager } from "@sess/core";

export interface Fields {
  name: string;
  /** A number, incremented. */
  n: number;
  /** The name of each increment, appended with it. */
  seen: string[];
}

/** What the store holds, compared with what visitors were told. */
export interface Account {
  readonly acknowledged: number;
  readonly unknown: number;
  /** Those with an unknown outcome that are stored. */
  readonly written: number;
  /** Stored more than once. */
  readonly doubled: number;
  /** Acknowledged and not stored. */
  readonly lost: number;
  /** Somebody else's session, or a field of it. */
  readonly foreign: number;
  /** Loads without something that was acknowledged before and was stored in the end. */
  readonly stale: number;
  readonly loads: number;
  readonly failedLoads: number;
  /** Slowest load and slowest increment, in milliseconds. */
  readonly slowestLoad: number;
  readonly slowestUpdate: number;
  readonly wrong: readonly string[];
}

/** Somebody with a session of their own, whose requests each increment. */
export class Visitor {
  readonly name: string;
  readonly id: string;
  readonly acknowledged: string[] = [];
  readonly unknown: string[] = [];
  /** What each incomplete load lacked. */
  readonly lacking: string[][] = [];
  loads = 0;
  failedLoads = 0;
  foreign = 0;
  slowestLoad = 0;
  slowestUpdate = 0;
  readonly wrong: string[] = [];
  #next = 0;
  #waiting: (() => void)[] = [];

  constructor(name: string, id: string) {
    this.name = name;
    this.id = id;
  }

  /** Begins a session of a name. */
  static async arrive(manager: StoreManager<Fields>, name: string): Promise<Visitor> {
    const response = await manager.handle(new Request("http://localhost/"), async (session) => {
      session.set("name", name);
      return new Response();
    });
    const [cookie = ""] = response.headers.getSetCookie();
    return new Visitor(name, /=([^;]*)/.exec(cookie)?.[1] ?? "");
  }

  async request(manager: StoreManager<Fields>): Promise<void> {
    const session = await this.#load(manager);
    if (session === undefined) return;
    const label = `${this.name}:${this.#next++}`;
    const begun = performance.now();
    try {
      const [seen] = await Promise.all([
        session.update("seen", (before) => [...(before ?? []), label]),
        session.update("n", (before) => (before ?? 0) + 1),
      ]);
      if (!seen?.every((each) => each.startsWith(`${this.name}:`))) this.foreign++;
      this.acknowledged.push(label);
      for (const wake of this.#waiting.splice(0)) wake();
    } catch (error) {
      this.unknown.push(label);
      this.#note(error);
    } finally {
      this.slowestUpdate = Math.max(this.slowestUpdate, performance.now() - begun);
    }
  }

  /** Resolves with the next acknowledgement. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async #load(manager: StoreManager<Fields>): Promise<SessionStore<Fields> | undefined> {
    const [begun, before] = [performance.now(), this.acknowledged.length];
    try {
      const session = await manager.load(this.id);
      if (session === undefined) this.wrong.push("a session is not there");
      else this.#look(session, before);
      this.loads++;
      return session;
    } catch (error) {
      this.failedLoads++;
      this.#note(error);
      return undefined;
    } finally {
      this.slowestLoad = Math.max(this.slowestLoad, performance.now() - begun);
    }
  }

  #look(session: SessionStore<Fields>, acknowledged: number): void {
    if (session.get("name") !== this.name) this.foreign++;
    const seen = new Set(session.get("seen"));
    const lacking = this.acknowledged.slice(0, acknowledged).filter((label) => !seen.has(label));
    if (lacking.length > 0) this.lacking.push(lacking);
  }

  #note(error: unknown): void {
    const code = isSessionError(error) ? error.code : String(error);
    if (code !== "SESS_UNAVAILABLE") this.wrong.push(`rejected with ${code}`);
  }
}

/** Compares what visitors were told with what a Manager without faults reads. */
export async function account(direct: StoreManager<Fields>, all: readonly Visitor[]): Promise<Account> {
  const sums = { acknowledged: 0, unknown: 0, written: 0, doubled: 0, lost: 0, foreign: 0, stale: 0 };
  for (const visitor of all) {
    const session = await direct.load(visitor.id);
    const [seen, n] = [session?.get("seen") ?? [], session?.get("n") ?? 0];
    const distinct = new Set(seen);
    sums.acknowledged += visitor.acknowledged.length;
    sums.unknown += visitor.unknown.length;
    sums.doubled += seen.length - distinct.size;
    sums.lost += visitor.acknowledged.filter((label) => !distinct.has(label)).length;
    sums.written += visitor.unknown.filter((label) => distinct.has(label)).length;
    sums.foreign += visitor.foreign + seen.filter((label) => !label.startsWith(`${visitor.name}:`)).length;
    sums.stale += visitor.lacking.filter((labels) => labels.some((label) => distinct.has(label))).length;
    // The number is incremented together with the list, once for each request with a known or unknown outcome.
    sums.doubled += Math.max(0, n - visitor.acknowledged.length - visitor.unknown.length);
  }
  const sum = (of: (visitor: Visitor) => number) => all.reduce((total, visitor) => total + of(visitor), 0);
  return {
    ...sums,
    loads: sum((visitor) => visitor.loads),
    failedLoads: sum((visitor) => visitor.failedLoads),
    slowestLoad: Math.max(...all.map((visitor) => visitor.slowestLoad)),
    slowestUpdate: Math.max(...all.map((visitor) => visitor.slowestUpdate)),
    wrong: all.flatMap((visitor) => visitor.wrong),
  };
}
