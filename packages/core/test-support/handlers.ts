import type { FetchHandler, StoreManager } from "../src/manager/manager.js";
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

/** Somebody signs in whose session holds a secret. Resolves to its id. */
export async function signInAs(sessions: StoreManager<SessionData>, user: string): Promise<string> {
  const response = await sessions.handle(new Request("http://localhost/"), async (session) => {
    session.set("secretField", "swordfish");
    session.owner = user;
    await session.release();
    return new Response(session.id);
  });
  return response.text();
}
