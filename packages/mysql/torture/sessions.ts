import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { createManager, type SessionStore, type StoreManager } from "@sess/core";
import { mysql } from "@sess/mysql/provider";

export type Fields = Record<string, number>;

/** A Manager on the server of a DSN, with its own pool. */
export function connect(dsn: string, poolSize = 4): Promise<StoreManager<Fields>> {
  return createManager<Fields>(mysql({ dsn, poolSize }), { maxLifetime: 3600 });
}

/** A stored session; its id. */
export async function stored(manager: StoreManager<Fields>): Promise<string> {
  const session = await visit(manager);
  session.set("n", 0);
  await session.release();
  return session.id;
}

/** A request that nobody sent: what `start` needs to have a session, with an id or without. */
export async function visit(manager: StoreManager<Fields>, id?: string): Promise<SessionStore<Fields>> {
  const req = new IncomingMessage(new Socket());
  if (id !== undefined) req.headers.cookie = `sessionid=${id}`;
  return manager.start(req, new ServerResponse(req));
}
