import type { FetchHandler } from "../src/manager/manager.js";
import type { SessionData } from "../src/session/session-store.js";

/** Says who is signed in. */
export const show: FetchHandler<SessionData> = (session) => new Response(String(session.get("user")));

export const signIn: FetchHandler<SessionData> = async (session) => {
  session.set("user", "ada");
  await session.regenerate();
  return new Response("in");
};

/** The id in the last cookie of a response, "" where there is none. */
export function idOf(response: Response): string {
  return /^sessionid=([^;]*)/.exec(response.headers.getSetCookie().at(-1) ?? "")?.[1] ?? "";
}
