import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import type { Browser, BrowserContext } from "playwright-core";
import { createManager } from "../../packages/core/src/index.js";

/**
 * Requests in parallel with a sign-in, in a real browser. In whatever order the answers come, the browser must end with
 * the cookie of the sign-in. Gates enforce the order of the answers, so that every round is one interleaving,
 * determined by its number.
 *
 * - `early`: begun before the sign-in, answered before the sign-in is stored.
 * - `late`: begun before it, with the old id, and answered when the browser has the new cookie.
 * - `stale`: begun when the sign-in is stored, by a browser that still has the old cookie; answered before it.
 */
const orders = ["early", "late", "stale"] as const;
type Order = (typeof orders)[number];
const works = ["read", "set", "mutate", "update", "fail"] as const;
type Work = (typeof works)[number];

interface Step {
  readonly order: Order;
  readonly work: Work;
}

/** A browser opens six connections to a server: five, and the sign-in. */
const inParallel = 5;

function stepsOf(round: number): Step[] {
  // A small generator of integers (Numerical Recipes): a round has the same interleaving on every machine.
  let state = (round * 2654435761) >>> 0;
  const pick = <T>(from: readonly T[]): T => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return from[Math.floor((state / 2 ** 32) * from.length)] as T;
  };
  return Array.from({ length: inParallel }, () => ({ order: pick(orders), work: pick(works) }));
}

/** The operations of a session library in the trial. */
interface Visit {
  do(work: Work): Promise<void>;
  signIn(): Promise<void>;
  user(): unknown;
}
type Sessions = (req: IncomingMessage, res: ServerResponse) => Promise<Visit>;

class Gate {
  readonly opened: Promise<void>;
  open: () => void = () => {};

  constructor() {
    this.opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }
}

/** One round's gates. */
class Round {
  readonly #steps: readonly Step[];
  readonly #begun = new Map<Order, number>();
  readonly #waiting: [Order, number, Gate][] = [];
  readonly earlyAnswered = new Gate();
  readonly stored = new Gate();
  readonly staleAnswered = new Gate();
  readonly arrived = new Gate();
  #answered = { early: 0, stale: 0 };

  constructor(steps: readonly Step[]) {
    this.#steps = steps;
    this.#check();
  }

  count(order: Order): number {
    return this.#steps.filter((step) => step.order === order).length;
  }

  begin(order: Order): void {
    this.#begun.set(order, (this.#begun.get(order) ?? 0) + 1);
    for (const [each, number, gate] of this.#waiting) if ((this.#begun.get(each) ?? 0) >= number) gate.open();
  }

  allBegun(order: Order): Promise<void> {
    const gate = new Gate();
    this.#waiting.push([order, this.count(order), gate]);
    if ((this.#begun.get(order) ?? 0) >= this.count(order)) gate.open();
    return gate.opened;
  }

  answered(order: Order): void {
    if (order === "late") return;
    this.#answered[order]++;
    this.#check();
  }

  #check(): void {
    if (this.#answered.early === this.count("early")) this.earlyAnswered.open();
    if (this.#answered.stale === this.count("stale")) this.staleAnswered.open();
  }
}

function siteOf(sessions: Sessions, next: () => Round): RequestListener {
  let round = next();
  const routes: Record<string, (visit: () => Promise<Visit>, res: ServerResponse, step: Step) => Promise<void>> = {
    "/": async (visit, res) => {
      round = next();
      await (await visit()).do("set");
      res.setHeader("Content-Type", "text/html; charset=utf-8").end("<!doctype html><link rel=icon href=data:,>");
    },
    "/work": async (visit, res, { order, work }) => {
      const found = await visit();
      round.begin(order);
      if (order === "late") await round.arrived.opened;
      await found.do(work).catch(() => {
        res.statusCode = 409;
      });
      if (work === "fail") res.statusCode = 500;
      res.once("close", () => round.answered(order));
      res.end();
    },
    "/sign-in": async (visit, res) => {
      const found = await visit();
      await Promise.all([round.allBegun("early"), round.allBegun("late"), round.earlyAnswered.opened]);
      await found.signIn();
      round.stored.open();
      await round.staleAnswered.opened;
      res.end();
    },
    // Sent by the browser once it has the answer to the sign-in, and so its cookie.
    "/arrived": async (_, res) => {
      round.arrived.open();
      res.end();
    },
    // Answered when the sign-in is stored: the browser, which does not know yet, then sends what is stale.
    "/stored": async (_, res) => {
      await round.stored.opened;
      res.end();
    },
    "/who": async (visit, res) => {
      res.end(String((await visit()).user()));
    },
  };
  return (req, res) => {
    const { pathname, searchParams } = new URL(req.url ?? "/", "http://site");
    const step = { order: searchParams.get("order") as Order, work: searchParams.get("work") as Work };
    const route = routes[pathname] ?? (async () => void res.writeHead(404).end());
    route(() => sessions(req, res), res, step).catch(() => {
      if (!res.headersSent) res.statusCode = 409;
      res.end();
    });
  };
}

// Runs in the page. Stale requests are sent by the page's own fetch while it still has the old cookie.
const script = `async (steps) => {
  // Each URL once: a browser holds back the second request of two for the same one.
  const send = ({ order, work }, n) =>
    fetch("/work?order=" + order + "&work=" + work + "&n=" + n).then((r) => r.status);
  const of = (...orders) => steps.filter(({ order }) => orders.includes(order));
  const first = of("early", "late").map(send);
  const signingIn = fetch("/sign-in", { method: "POST" });
  const stale = of("stale").length === 0 ? [] : await fetch("/stored").then(() => of("stale").map((step, n) => send(step, "stale" + n)));
  await signingIn;
  await fetch("/arrived");
  const statuses = await Promise.all([...first, ...stale]);
  return { statuses, user: await (await fetch("/who")).text() };
}`;

export interface TrialResult {
  readonly rounds: number;
  /** Rounds that ended with another cookie than the sign-in's, or signed out. */
  readonly wrong: number;
  readonly requests: number;
}

async function trial(browser: Browser, rounds: number, sessions: Sessions, cookieName: string): Promise<TrialResult> {
  let round = 0;
  let signedInAs = "";
  const server = createServer(siteOf(sessions, () => new Round(stepsOf(round))));
  server.on("request", (req, res: ServerResponse) => {
    if (req.url === "/sign-in") res.once("finish", () => (signedInAs = cookieIn(res, cookieName) ?? signedInAs));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const context = await browser.newContext();
  const page = await context.newPage();
  let wrong = 0;
  for (round = 0; round < rounds; round++) {
    await context.clearCookies();
    signedInAs = "";
    await page.goto(url);
    const { statuses, user } = await page.evaluate<{ statuses: number[]; user: string }>(
      `(${script})(${JSON.stringify(stepsOf(round))})`,
    );
    assert.equal(statuses.length, inParallel);
    assert.notEqual(signedInAs, "", "the sign-in set a cookie");
    if ((await cookieOf(context, cookieName)) !== signedInAs || user !== "ada") wrong++;
  }
  await context.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return { rounds, wrong, requests: rounds * inParallel };
}

function cookieIn(res: ServerResponse, name: string): string | undefined {
  const lines = [res.getHeader("set-cookie") ?? []].flat().map(String);
  return lines.find((line) => line.startsWith(`${name}=`))?.split(/[=;]/)[1];
}

async function cookieOf(context: BrowserContext, name: string): Promise<string | undefined> {
  return (await context.cookies()).find((cookie) => cookie.name === name)?.value;
}

interface Fields {
  user: string;
  n: number;
  list: string[];
}

/**
 * Our own. More than a tenth of the idle lifetime passes between two requests, so that every reader also touches. A
 * whole round is shorter than a marker's life.
 */
export async function trialOfOurs(browser: Browser, rounds: number): Promise<TrialResult> {
  let now = Date.now();
  const sessions = await createManager<Fields>("memory", { maxLifetime: 100, now: () => now });
  const visit: Sessions = async (req, res) => {
    now += 11_000;
    const session = await sessions.start(req, res);
    const done: Record<Work, () => Promise<unknown>> = {
      read: async () => session.get("user"),
      set: async () => {
        session.set("list", []);
        await session.release();
      },
      mutate: async () => {
        session.get("list")?.push("item");
        await session.release();
      },
      update: () => session.update("n", (n) => (n ?? 0) + 1),
      fail: async () => session.set("n", -1),
    };
    return {
      do: async (work) => void (await done[work]()),
      signIn: async () => {
        session.set("user", "ada");
        await session.regenerate();
      },
      user: () => session.get("user"),
    };
  };
  try {
    return await trial(browser, rounds, visit, "sessionid");
  } finally {
    await sessions.close();
  }
}

interface PlainSession {
  [field: string]: unknown;
  regenerate(done: (error?: unknown) => void): void;
  save(done: (error?: unknown) => void): void;
}

/** The same rounds with express-session, rolling. It must fail some: otherwise the rounds would prove nothing. */
export function trialOfAnother(browser: Browser, rounds: number): Promise<TrialResult> {
  const expressSession = createRequire(import.meta.url)("express-session") as (
    options: object,
  ) => (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void;
  const options = { name: "sessionid", secret: "s", resave: false, saveUninitialized: true, rolling: true };
  const middleware = expressSession({ ...options, cookie: { maxAge: 3_600_000 } });
  const call = (run: (done: (error?: unknown) => void) => void) =>
    new Promise<void>((resolve, reject) => run((error) => (error ? reject(error) : resolve())));
  const visit: Sessions = async (req, res) => {
    await call((done) => middleware(req, res, done));
    const plain = () => (req as IncomingMessage & { session: PlainSession }).session;
    return {
      do: async (work) => {
        if (work !== "read") plain()[work] = Number(plain()[work] ?? 0) + 1;
      },
      signIn: async () => {
        await call((done) => plain().regenerate(done));
        plain().user = "ada";
        await call((done) => plain().save(done));
      },
      user: () => plain().user,
    };
  };
  return trial(browser, rounds, visit, "sessionid");
}
