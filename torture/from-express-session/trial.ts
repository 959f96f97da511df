import { createManager } from "@sess/core";
import { redis as provider } from "@sess/redis/provider";
import { startRedis } from "../../packages/redis/test/server.js";
import { start as launch, type Running } from "./fleet.js";
import { leftInOldStore } from "./sites.js";
import { User } from "./user.js";

/**
 * How the old processes are replaced. All may stop before the new ones start. Or both run at the same time, and a user
 * who has reached a new one never reaches an old one again. Or every request may reach any process, which is not
 * supported.
 */
export const ways = ["stopped, then started", "side by side, sticky", "side by side, anywhere"] as const;
export type Way = (typeof ways)[number];

export interface Outcome {
  readonly way: Way;
  readonly users: number;
  readonly requests: number;
  /** Users who were told at least once that they are not signed in. */
  readonly signedOut: number;
  /** Answers with another user's name, or a count that does not follow from those acknowledged. */
  readonly wrong: number;
  readonly failed: number;
  /** Sessions in the new store at the end. */
  readonly sessions: number;
  /** Users who have signed out, and are signed in again by the cookie of the old application. */
  readonly returned: number;
  /** Sessions in the old store at the end. */
  readonly left: number;
  /** Users whose browser holds the new cookie. */
  readonly moved: number;
}

type Say = (step: string) => void;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Switches an application of two processes under load. `say` is told of each step. */
export async function trial(way: Way, users: number, ms: number, say: Say = () => {}): Promise<Outcome> {
  const redis = await startRedis();
  const old = await Promise.all([launch("old", redis.url), launch("old", redis.url)]);
  const crowd = new Crowd(users, among(old));
  say("two old processes: express-session with connect-redis");
  await crowd.signIn();
  say(`${users} users signed in there; continuous load from now on`);
  crowd.begin();
  await pause(ms);
  const fresh = await switches[way]({ old, crowd, ms, say, start: () => startNew(redis.url, say) });
  await pause(ms);
  await crowd.end();
  const sessions = await countIn(redis.url);
  const returned = await crowd.leaveAndReturn(among(fresh));
  const left = await leftInOldStore(redis.url);
  for (const site of fresh) await site.stop();
  await redis.stop();
  return { way, sessions, returned, left, ...crowd.outcome() };
}

async function countIn(url: string): Promise<number> {
  const manager = await createManager(provider({ url, prefix: "new:" }));
  const count = await manager.count();
  await manager.close();
  return count;
}

interface Plan {
  readonly old: readonly Running[];
  readonly crowd: Crowd;
  readonly ms: number;
  readonly say: Say;
  start(): ReturnType<typeof startNew>;
}

const switches: Record<Way, (plan: Plan) => ReturnType<typeof startNew>> = {
  "stopped, then started": async ({ old, crowd, say, start }) => {
    const goOn = await crowd.hold();
    await stopAll(old, say);
    const fresh = await start();
    crowd.route = () => among(fresh);
    goOn();
    return fresh;
  },

  "side by side, sticky": async ({ old, crowd, ms, say, start }) => {
    const fresh = await start();
    const moved = new Set<User>();
    crowd.route = (user) => among(moved.has(user) ? fresh : old);
    for (const user of crowd.users) {
      moved.add(user);
      await pause(ms / crowd.users.length);
    }
    say("one user after another was sent to the new ones, and stays there");
    await crowd.underWay();
    await stopAll(old, say);
    return fresh;
  },

  "side by side, anywhere": async ({ old, crowd, ms, say, start }) => {
    const fresh = await start();
    crowd.route = () => among([...old, ...fresh]);
    say("each request goes to any of the four");
    await pause(ms);
    crowd.route = () => among(fresh);
    await crowd.underWay();
    await stopAll(old, say);
    return fresh;
  },
};

async function startNew(url: string, say: Say) {
  const fresh = await Promise.all([launch("new", url), launch("new", url)]);
  say("two new processes: @sess over the same Redis, from: the old store");
  return fresh;
}

async function stopAll(sites: readonly Running[], say: Say): Promise<void> {
  for (const site of sites) await site.stop();
  say("the old processes have answered what had come, and stopped");
}

/** One port after another. */
function among(sites: readonly Running[]): () => number {
  let next = Math.floor(Math.random() * sites.length);
  return () => sites[next++ % sites.length]?.port ?? 0;
}

/** Signed-in users, each with one visit after another. */
class Crowd {
  readonly users: readonly User[];
  /** Where the requests of a user's next visit go. */
  route: (user: User) => () => number;
  readonly #visits = new Map<User, Promise<void>>();
  #loads: Promise<void>[] = [];
  #ready: Promise<void> = Promise.resolve();
  #running = true;

  constructor(users: number, first: () => number) {
    this.users = Array.from({ length: users }, (_, index) => new User(`user-${index}`));
    this.route = () => first;
  }

  async signIn(): Promise<void> {
    await Promise.all(this.users.map((user) => user.signIn(this.route(user)())));
  }

  begin(): void {
    this.#loads = this.users.map((user) => this.#load(user));
  }

  async end(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#loads);
  }

  async leaveAndReturn(port: () => number): Promise<number> {
    const known = await Promise.all(this.users.map((user) => user.leaveAndReturn(port())));
    return known.filter(Boolean).length;
  }

  /** Resolves when the current visits are over. */
  async underWay(): Promise<void> {
    await Promise.all(this.#visits.values());
  }

  /** Makes users wait, as a load balancer without a server does; resolves to a function that lets them continue. */
  async hold(): Promise<() => void> {
    let goOn = () => {};
    this.#ready = new Promise((resolve) => {
      goOn = resolve;
    });
    await this.underWay();
    return goOn;
  }

  outcome() {
    const sum = (of: (user: User) => number) => this.users.reduce((total, user) => total + of(user), 0);
    return {
      users: this.users.length,
      requests: sum((user) => user.requests),
      signedOut: sum((user) => (user.signedOut > 0 ? 1 : 0)),
      wrong: sum((user) => user.wrong),
      failed: sum((user) => user.failed),
      moved: sum((user) => (user.jar.has("sid") ? 1 : 0)),
    };
  }

  async #load(user: User): Promise<void> {
    while (this.#running) {
      await this.#ready;
      const visit = user.visit(this.route(user));
      this.#visits.set(user, visit);
      await visit;
      await pause(20);
    }
  }
}
