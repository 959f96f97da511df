import type { SessionStore } from "@sess/core";
import handler, { createServerEntry } from "@tanstack/react-start/server-entry";
import { type Fields, sessions } from "./session";

declare module "@tanstack/react-start" {
  interface Register {
    server: { requestContext: { session: SessionStore<Fields> } };
  }
}

export default createServerEntry({
  fetch: (request) => sessions.handle(request, async (session) => handler.fetch(request, { context: { session } })),
});
