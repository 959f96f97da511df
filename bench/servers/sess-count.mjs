/** Ours, counting by `update`, which loses nothing if many processes write one session. PROVIDER names the provider. */
import { createManager } from "@sess/core";
import { answer, data, serve, store, text } from "./common.mjs";

const { PROVIDER: provider } = process.env;
await import(`@sess/${provider}`);
const sessions = await createManager(provider, { providerConfig: store });
const listener = sessions.handler(async (session, req, res) => {
  if (req.url === "/make") {
    session.set("data", data);
    session.set("n", 0);
  } else if (req.url === "/write") {
    await session.update("n", (n) => n + 1);
  }
  res.writeHead(200, text).end(answer({ data: session.get("data"), n: session.get("n") }));
});
serve(listener);
