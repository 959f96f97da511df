/**
 * Repeated kill -9 of a database's server under load, on the same files. Nothing acknowledged is lost or counted twice,
 * no destroyed session comes back, and saves continue by themselves when the server runs again.
 */
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { createManager, type SessionStore, type StoreConnector, type StoreManager } from "@sess/core";

type Fields = Record<string, number>;

/** A server that writes to its disk before it acknowledges. */
export interface Killable {
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** The outcome. */
export interface KillResult {
  readonly rounds: number;
  readonly acknowledged: number;
  /** Increments rejected with SESS_UNAVAILABLE, which may be written or not. */
  readonly unknown: number;
  /** Loads rejected with SESS_UNAVAILABLE. */
  readonly unread: number;
  /** Rejected with anything else. */
  readonly strange: readonly string[];
  /** Loads of a record that mixes several saves. */
  readonly torn: number;
  /** Increments that were acknowledged and are not stored. */
  readonly lost: number;
  /** Increments that are stored although nobody called for them. */
  readonly surplus: number;
  readonly resurrected: number;
  /** Longest time from the server's start to the next acknowledgement of every writer, in milliseconds. */
  readonly slowestRecovery: number;
}

const writers = 16;
/** Fields that each save sets to the same number: some ten kilobytes, too much to share a page with others. */
const copies = Array.from({ length: 800 }, (_, index) => `copy${index}`);

/** One session, its writer's record of it, and what the writer waits for. */
class Writer {
  acknowledged = 0;
  unknown = 0;
  unread = 0;
  torn = 0;
  readonly strange: string[] = [];
  readonly #manager: StoreManager<Fields>;
  readonly #id: string;
  #waiting: (() => void)[] = [];
  #stopped = false;

  constructor(manager: StoreManager<Fields>, id: string) {
    this.#manager = manager;
    this.#id = id;
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      let asked = false;
      try {
        const session = await this.#manager.load(this.#id);
        if (session === undefined) throw Object.assign(new Error("absent"), { code: "absent" });
        const next = this.#check(session) + 1;
        for (const name of copies) session.set(name, next);
        asked = true;
        await session.update("n", (n) => (n ?? 0) + 1);
        this.acknowledged++;
        for (const wake of this.#waiting.splice(0)) wake();
      } catch (error) {
        await this.#note(error, asked);
      }
    }
  }

  /** Resolves with the writer's next acknowledgement. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  stop(): void {
    this.#stopped = true;
  }

  async count(): Promise<number> {
    const session = await this.#manager.load(this.#id);
    return session === undefined ? 0 : this.#check(session);
  }

  /** Its number, which all copies must have; only this writer saves this session. */
  #check(session: Pick<SessionStore<Fields>, "get">): number {
    const n = session.get("n") ?? 0;
    if (n > 0 && copies.some((name) => session.get(name) !== n)) this.torn++;
    return n;
  }

  async #note(error: unknown, asked: boolean): Promise<void> {
    const code: unknown = typeof error === "object" && error !== null ? Reflect.get(error, "code") : undefined;
    if (code !== "SESS_UNAVAILABLE") this.strange.push(String(code ?? error));
    else if (asked) this.unknown++;
    else this.unread++;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Called after each round. */
export type Progress = (round: number, acknowledged: number, unknown: number) => void;

/** Kills and restarts a server `rounds` times, under a Manager with a pool of eight, and stops it. */
export async function killing(
  server: Killable,
  connector: StoreConnector,
  rounds: number,
  progress: Progress = () => {},
): Promise<KillResult> {
  const manager = await createManager<Fields>(connector, { maxLifetime: 3600 });
  const ids = await Promise.all(Array.from({ length: writers }, () => stored(manager)));
  const all = ids.map((id) => new Writer(manager, id));
  const running = all.map((writer) => writer.run());
  const destroyed: string[] = [];
  let slowestRecovery = 0;
  for (let round = 0; round < rounds; round++) {
    destroyed.push(await loggedOut(manager));
    slowestRecovery = Math.max(slowestRecovery, await killOnce(server, all, 20 + (round % 7) * 15));
    progress(round + 1, total(all), unknown(all));
  }
  for (const writer of all) writer.stop();
  await Promise.all(running);
  const result = await account(manager, all, destroyed);
  await manager.close();
  await server.stop();
  return { rounds, ...result, slowestRecovery: Math.round(slowestRecovery) };
}

/** Kills after `updates` acknowledgements, in the middle of the next; resolves to how long recovery took. */
async function killOnce(server: Killable, all: readonly Writer[], updates: number): Promise<number> {
  const goal = total(all) + updates;
  while (total(all) < goal) await Promise.race(all.map((writer) => writer.next()));
  await server.kill();
  await server.restart();
  const begun = performance.now();
  await Promise.all(all.map((writer) => writer.next()));
  return performance.now() - begun;
}

async function loggedOut(manager: StoreManager<Fields>): Promise<string> {
  const id = await stored(manager);
  await (await visit(manager, id)).destroy();
  return id;
}

async function account(manager: StoreManager<Fields>, all: readonly Writer[], destroyed: readonly string[]) {
  const [sums, strange] = [
    { unknown: unknown(all), unread: 0, torn: 0, lost: 0, surplus: 0, resurrected: 0 },
    all.flatMap((each) => each.strange),
  ];
  for (const writer of all) {
    const count = await writer.count();
    sums.torn += writer.torn;
    sums.unread += writer.unread;
    sums.lost += Math.max(0, writer.acknowledged - count);
    sums.surplus += Math.max(0, count - writer.acknowledged - writer.unknown);
  }
  for (const id of destroyed) if (await manager.exists(id)) sums.resurrected++;
  return { acknowledged: total(all), strange, ...sums };
}

function total(all: readonly Writer[]): number {
  return all.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
}

function unknown(all: readonly Writer[]): number {
  return all.reduce((sum, each) => sum + each.unknown, 0);
}

/** What `npm run torture:kill [rounds]` does. */
export async function tellOfKilling(server: Killable, connector: StoreConnector): Promise<void> {
  const rounds = Number(process.argv[2] ?? 50);
  const result = await killing(server, connector, rounds, (round, acknowledged, outcomeUnknown) => {
    process.stdout.write(`kill ${round} of ${rounds}: acknowledged ${acknowledged}, unknown ${outcomeUnknown}\n`);
  });
  process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
  const { torn, lost, surplus, resurrected, strange } = result;
  if (torn + lost + surplus + resurrected + strange.length > 0) process.exitCode = 1;
}

/** A stored session; its id. */
async function stored(manager: StoreManager<Fields>): Promise<string> {
  const session = await visit(manager);
  session.set("n", 0);
  await session.release();
  return session.id;
}

/** A simulated request, with or without an id, as `start` needs it for a session. */
async function visit(manager: StoreManager<Fields>, id?: string): Promise<SessionStore<Fields>> {
  const req = new IncomingMessage(new Socket());
  if (id !== undefined) req.headers.cookie = `sessionid=${id}`;
  return manager.start(req, new ServerResponse(req));
}
