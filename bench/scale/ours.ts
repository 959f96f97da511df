import { createManager, type StoreConnector } from "@sess/core";
import { dataOf, hour, type Subject } from "./subject.js";

type Data = ReturnType<typeof dataOf>;

/** Our sessions over a store. A Manager whose clock is two hours behind stores those that must be expired. */
export async function ours(connector: StoreConnector, bytes: () => Promise<number>): Promise<Subject> {
  const sessions = await createManager<Data>(connector);
  const past = await createManager<Data>(connector, { now: () => Date.now() - 2 * hour });
  return {
    make: async (n, expired) => {
      let id = "";
      const response = await (expired ? past : sessions).handle(new Request("https://bench.test/"), (session) => {
        const { user, csrf } = dataOf(n);
        session.set("user", user);
        session.set("csrf", csrf);
        id = session.id;
        return new Response();
      });
      if (!response.ok) throw new Error(`session ${n} was not stored: ${response.status}`);
      return id;
    },
    load: async (id) => {
      const session = await sessions.load(id);
      const user = session?.get("user");
      if (session === undefined || user === undefined) throw new Error("a session is missing");
      return async () => {
        session.set("csrf", dataOf(user.id).csrf);
        await session.release();
      };
    },
    count: () => sessions.count(),
    gc: () => sessions.gc(),
    bytes,
    close: async () => {
      for (const each of [sessions, past]) await each.close();
    },
  };
}
