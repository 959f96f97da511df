import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import session from "express-session";
import { dataOf, heapBytes, hour, type Subject } from "./subject.js";

const require = createRequire(import.meta.url);

/** MemoryStore has no gc: its `all`, and so its `length`, parse every session and drop the expired on the way. */
export function memoryStore(): Subject {
  return over(new session.MemoryStore());
}

/** Its `prune` is what it calls every `checkPeriod`. */
export function memorystore(max: number): Subject {
  const Store = require("memorystore")(session);
  const store = new Store({ max });
  const subject = over(store);
  return {
    ...subject,
    gc: async () => {
      const before = await subject.count();
      store.prune();
      return before - (await subject.count());
    },
  };
}

/** What express-session does with a store. */
function over(store: session.MemoryStore): Subject {
  return {
    make: async (n, expired) => {
      const id = randomBytes(24).toString("base64url");
      const cookie = Object.assign(new session.Cookie(), { maxAge: expired ? 5 : hour });
      await called<void>((done) => store.set(id, { cookie, ...dataOf(n) } as never, done));
      return id;
    },
    load: async (id) => {
      const found = await called<session.SessionData | null | undefined>((done) => store.get(id, done));
      if (found === null || found === undefined) throw new Error("a session is missing");
      const request = { sessionID: id, sessionStore: store };
      const loaded = store.createSession(request as never, found) as session.Session & ReturnType<typeof dataOf>;
      const { user } = loaded;
      return () => {
        loaded.csrf = dataOf(user.id).csrf;
        return called<void>((done) => store.set(id, loaded, done));
      };
    },
    count: () => called<number>((done) => store.length?.(done)),
    bytes: heapBytes,
    close: async () => {},
  };
}

function called<T>(call: (done: (error?: unknown, value?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => (error ? reject(error) : resolve(value as T)));
  });
}
