import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { SessionData, SessionStore, StoreManager } from "@sess/core";

/** A request that nobody sent: what `start` needs to have a session, with an id or without. */
export async function visit(manager: StoreManager<SessionData>, id?: string): Promise<SessionStore<SessionData>> {
  const req = new IncomingMessage(new Socket());
  if (id !== undefined) req.headers.cookie = `sessionid=${id}`;
  return manager.start(req, new ServerResponse(req));
}
