import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { SessionData, SessionStore, StoreManager } from "@sess/core";
import type { Deployment, Takeover } from "./deployment.js";
import { eventually } from "./deployment.js";
import type { Ledger, Settled } from "./ledger.js";

const slots = 16_384;
/** Sessions that several requests write at once, for each shard. */
const probesPerShard = 4;
/** Sessions that exist before anything is killed, to be signed out and regenerated. */
const pooled = 200;
/** Between two operations of one loop, in milliseconds. */
const rest = 10;

interface Tally {
  readonly n: number;
  readonly tokens: readonly string[];
}

/** A session that several requests write at once, and what was acknowledged to them. */
interface Probe {
  readonly id: string;
  readonly name: string;
  readonly slot: number;
  readonly updates: { readonly token: string; readonly settled: Settled }[];
  readonly saves: string[];
}

interface Visitor {
  readonly id: string;
  readonly name: string;
}

/** Requests of every kind, at the same time, until they are stopped; and then the check of what was acknowledged. */
export class Load {
  readonly #manager: StoreManager<SessionData>;
  readonly #ledger: Ledger;
  readonly #prefix: string;
  readonly #probes: Probe[] = [];
  /** Visitors that are signed in, the earliest first. */
  readonly #visitors: Visitor[] = [];
  readonly #signedOut: string[] = [];
  readonly #moved: { readonly from: string; readonly to: Visitor }[] = [];
  #names = 0;
  #running = true;
  #loops: Promise<unknown> = Promise.resolve();

  /** `prefix` begins the name of every visitor. */
  constructor(manager: StoreManager<SessionData>, ledger: Ledger, prefix: string) {
    this.#manager = manager;
    this.#ledger = ledger;
    this.#prefix = prefix;
  }

  /** The slots of the sessions that several requests write. */
  get slots(): readonly number[] {
    return [...new Set(this.#probes.map(({ slot }) => slot))];
  }

  /** Signs in the first visitors, and then begins. */
  async start(deployment: Deployment): Promise<void> {
    const shards = new Map<number, number>();
    while (this.#probes.length < probesPerShard * deployment.shards) {
      const { id, name, slot } = await this.#located(deployment);
      const shard = Math.floor((slot * deployment.shards) / slots);
      const there = shards.get(shard) ?? 0;
      if (there === probesPerShard) continue;
      shards.set(shard, there + 1);
      this.#probes.push({ id, name, slot, updates: [], saves: [] });
    }
    for (let made = 0; made < pooled; made++) await this.#create();
    const probes = this.#probes.flatMap((probe) => [
      this.#loop((turn) => this.#update(probe, `a${turn}`)),
      this.#loop((turn) => this.#update(probe, `b${turn}`)),
      this.#loop((turn) => this.#save(probe, `c${turn}`)),
      this.#loop(() => this.#read(probe)),
    ]);
    const churn = Array.from({ length: 4 }, () => [
      this.#loop(() => this.#create()),
      this.#loop((turn) => (turn % 2 === 0 ? this.#destroy() : this.#regenerate())),
    ]);
    this.#loops = Promise.all([...probes, ...churn.flat()]);
  }

  /** When the first write was acknowledged that began after a kill and concerns a session on the killed server. */
  recovered({ killed, owned }: Takeover): Promise<number> {
    const affected = this.#probes.filter(({ slot }) => owned(slot));
    return eventually("an acknowledged write", async () => {
      const after = affected.flatMap(({ updates }) =>
        updates.filter(({ settled }) => settled.begun > killed).map(({ settled }) => settled.settled),
      );
      return after.length === 0 ? undefined : Math.min(...after);
    });
  }

  /** Lets the requests that are under way finish. */
  async stop(): Promise<void> {
    this.#running = false;
    await this.#loops;
  }

  /** Checks that everything acknowledged is stored. */
  async verify(): Promise<void> {
    for (const probe of this.#probes) await this.#verifyProbe(probe);
    for (const visitor of this.#visitors) this.#ledger.check("create", await this.#isThere(visitor));
    for (const id of this.#signedOut) this.#ledger.check("destroy", !(await this.#manager.exists(id)));
    for (const { from, to } of this.#moved) {
      this.#ledger.check("regenerate", !(await this.#manager.exists(from)) && (await this.#isThere(to)));
    }
  }

  async #verifyProbe({ id, name, updates, saves }: Probe): Promise<void> {
    const session = await this.#manager.load(id);
    if (session?.get("name") !== name && session !== undefined) this.#ledger.wrongUser++;
    const { n, tokens } = (session?.get("tally") as Tally | undefined) ?? { n: 0, tokens: [] };
    const there = new Set(tokens);
    this.#ledger.doubled += n - there.size;
    for (const { token } of updates) this.#ledger.check("update", there.has(token));
    for (const field of saves) this.#ledger.check("save", session?.get(field) === field);
  }

  async #isThere({ id, name }: Visitor): Promise<boolean> {
    const found = (await this.#manager.load(id))?.get("name");
    if (found !== undefined && found !== name) this.#ledger.wrongUser++;
    return found === name;
  }

  async #loop(one: (turn: number) => Promise<unknown>): Promise<void> {
    for (let turn = 0; this.#running; turn++) {
      await one(turn);
      await new Promise((resolve) => setTimeout(resolve, rest));
    }
  }

  /** A new session and its slot, which is that of the one new key. */
  async #located(deployment: Deployment): Promise<Visitor & { readonly slot: number }> {
    const before = new Set(await deployment.keys());
    const { id, name } = await this.#signIn();
    const key = (await deployment.keys()).find((key) => !before.has(key));
    if (key === undefined) throw new Error("a new session is nowhere");
    return { id, name, slot: await deployment.slotOf(key) };
  }

  async #signIn(): Promise<Visitor> {
    const name = `${this.#prefix} ${this.#names++}`;
    const session = await this.#visit(undefined);
    session.set("name", name);
    await session.release();
    return { id: session.id, name };
  }

  async #create(): Promise<void> {
    await this.#ledger.note("create", async () => this.#visitors.push(await this.#signIn()));
  }

  async #update(probe: Probe, token: string): Promise<void> {
    const settled = await this.#ledger.note("update", async () => {
      const session = await this.#open(probe);
      await session.update("tally", (value) => {
        const { n, tokens } = (value as Tally | undefined) ?? { n: 0, tokens: [] };
        return { n: n + 1, tokens: [...tokens, token] };
      });
    });
    if (settled.acknowledged) probe.updates.push({ token, settled });
  }

  async #save(probe: Probe, field: string): Promise<void> {
    const { acknowledged } = await this.#ledger.note("save", async () => {
      const session = await this.#open(probe);
      session.set(field, field);
      await session.release();
    });
    if (acknowledged) probe.saves.push(field);
  }

  async #read(probe: Probe): Promise<void> {
    await this.#ledger.note("read", () => this.#open(probe));
  }

  /** Without an acknowledgement its outcome is unknown, so it is not checked. */
  async #destroy(): Promise<void> {
    const visitor = this.#visitors.shift();
    if (visitor === undefined) return;
    const { acknowledged } = await this.#ledger.note("destroy", async () => (await this.#meet(visitor)).destroy());
    if (acknowledged) this.#signedOut.push(visitor.id);
  }

  async #regenerate(): Promise<void> {
    const visitor = this.#visitors.shift();
    if (visitor === undefined) return;
    await this.#ledger.note("regenerate", async () => {
      const session = await this.#meet(visitor);
      await session.regenerate();
      this.#moved.push({ from: visitor.id, to: { id: session.id, name: visitor.name } });
    });
  }

  /** If the session no longer exists although signing in was acknowledged, it was lost. */
  async #meet(visitor: Visitor): Promise<SessionStore<SessionData>> {
    try {
      return await this.#open(visitor);
    } catch (error) {
      if (error instanceof Missing) this.#ledger.check("create", false);
      throw error;
    }
  }

  /** The session of a request by this visitor. */
  async #open({ id, name }: Visitor): Promise<SessionStore<SessionData>> {
    const session = await this.#visit(id);
    const found = session.get("name");
    if (found === undefined) throw new Missing("there is no session");
    if (found !== name) this.#ledger.wrongUser++;
    return session;
  }

  #visit(id: string | undefined): Promise<SessionStore<SessionData>> {
    const req = new IncomingMessage(new Socket());
    if (id !== undefined) req.headers.cookie = `sessionid=${id}`;
    return this.#manager.start(req, new ServerResponse(req));
  }
}

class Missing extends Error {}
