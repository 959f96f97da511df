import "./shims/buffer.js";
import {
  createManager,
  memory,
  type Provider,
  type SessionRecord,
  type StoreConnector,
} from "../../packages/core/src/index.js";

/** One line of the log. */
export interface Line {
  readonly who: string;
  readonly what: string;
  readonly kind: "read" | "written" | "refused" | "answer";
}

export interface Race {
  /** Both carts, as they are stored: under `get` and `set`, and under ours. `undefined`: there is no session. */
  carts(): Promise<{ readonly plain: readonly string[] | undefined; readonly ours: readonly string[] | undefined }>;
  /** A request that reads, takes its time, and puts an item into the cart. Each name has a process of its own. */
  add(who: string, item: string): Promise<void>;
  signOut(who: string): Promise<void>;
}

type Fields = { cart: string[] };
/** Milliseconds between a request's read and its write: time enough to press the other button. */
const work = 1200;

/** Two carts with nothing in them: one of a store that only gets and sets, one of core with its memory provider. */
export async function startRace(log: (line: Line) => void): Promise<Race> {
  const store = memory();
  const plain = new Map<string, readonly string[]>([["id", []]]);
  const processes = new Map<string, ReturnType<typeof open>>();
  const id = await firstVisit();
  return { carts, add, signOut };

  function open(who: string) {
    return createManager<Fields>(watched(store, who, log), { sidInHeader: true, enableSetCookie: false });
  }

  function processOf(who: string) {
    const process = processes.get(who) ?? open(who);
    processes.set(who, process);
    return process;
  }

  async function firstVisit(): Promise<string> {
    const sessions = await createManager<Fields>(store, { sidInHeader: true, enableSetCookie: false });
    const response = await sessions.handle(request(), (session) => {
      session.set("cart", []);
      return new Response();
    });
    return response.headers.get("X-Session-Id") ?? "";
  }

  async function carts() {
    const sessions = await createManager<Fields>(store, { sidInHeader: true, enableSetCookie: false });
    return { plain: plain.get("id"), ours: (await sessions.load(id))?.get("cart") };
  }

  async function add(who: string, item: string): Promise<void> {
    await Promise.all([addPlain(item), addOurs(who, item)]);
  }

  async function addPlain(item: string): Promise<void> {
    const cart = plain.get("id") ?? [];
    await wait(work);
    plain.set("id", [...cart, item]);
  }

  async function addOurs(who: string, item: string): Promise<void> {
    const sessions = await processOf(who);
    const response = await sessions.handle(request(id), async (session) => {
      await wait(work);
      await session.update("cart", (cart) => [...(cart ?? []), item]);
      return new Response();
    });
    log({ who, what: `answers ${response.status}`, kind: "answer" });
  }

  async function signOut(who: string): Promise<void> {
    plain.delete("id");
    const sessions = await processOf(who);
    const response = await sessions.handle(request(id), async (session) => {
      await session.destroy();
      return new Response();
    });
    log({ who, what: `signs out, answers ${response.status}`, kind: "answer" });
  }
}

function request(id?: string): Request {
  return new Request("http://shop.example/", { headers: id === undefined ? {} : { "X-Session-Id": id } });
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** The same store, with what a process asks of it and what it is told in the log. */
function watched(store: StoreConnector, who: string, log: (line: Line) => void): StoreConnector {
  return { ...store, connect: async (context) => watchedProvider(await store.connect(context)) };

  function watchedProvider(real: Provider): Provider {
    return {
      async read(key) {
        const record = await real.read(key);
        log({ who, what: `reads ${named(record)}`, kind: "read" });
        return record;
      },
      async update(key, record, expected) {
        const answer = await real.update(key, record, expected);
        const asked = `update of ${short(expected)}`;
        if (answer.written) log({ who, what: `${asked}: written, now ${named(record)}`, kind: "written" });
        else log({ who, what: `${asked}: refused, it is ${named(answer.current)} by now`, kind: "refused" });
        return answer;
      },
      create: (key, record) => real.create(key, record),
      touch: (key, expiresAt, expected) => real.touch(key, expiresAt, expected),
      count: () => real.count(),
      gc: () => real.gc(),
      close: () => real.close(),
    };
  }
}

function named(record: SessionRecord | undefined): string {
  if (record === undefined) return "nothing";
  return record.retired === undefined ? short(record.version) : "a marker";
}

function short(version: string): string {
  return `version ${version.slice(0, 4)}`;
}
