/**
 * What every contender serves, so that only their sessions differ:
 *
 * - `/make` begins a session that holds `data`, SIZE characters, and `n`, 0.
 * - `/read` answers with the length of `data`, and `n`.
 * - `/write` adds one to `n`, by reading and setting it.
 * - `/none` has nothing to do with sessions.
 */
import { createServer } from "node:http";

export const size = Number(process.env.SIZE ?? 2048);
/** Text like an application's: not one repeated character, which some encodings handle faster. */
export const data = Array.from({ length: size }, (_, i) => String.fromCharCode(97 + ((i * 7 + (i >> 5)) % 26))).join(
  "",
);
export const text = { "Content-Type": "text/plain" };
export const answer = (session) => `${session?.data?.length ?? "none"} ${session?.n ?? "none"}`;

/** The same for sessions with `get` and `set`, which begin to store when something is set. */
export function respond(session, url) {
  if (url === "/make") {
    session.set("data", data);
    session.set("n", 0);
  } else if (url === "/write") {
    session.set("n", session.get("n") + 1);
  }
  return answer({ data: session.get("data"), n: session.get("n") });
}

/** The store's address, from the command that started this process. */
export const store = process.env.STORE ?? "";

/** Prints its address. Ends with its parent, which closes the standard input when it ends. */
export async function serve(listener) {
  const server = typeof listener === "function" ? createServer(listener) : listener;
  if (!server.listening) await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  console.log(`listening ${server.address().port}`);
  process.stdin.resume().once("end", () => process.exit());
}
