import { open } from "./lib/session";

/** Once in a process, before the first request: so the store has to be there when the server starts. */
export async function register() {
  (await open()).startGC();
}
