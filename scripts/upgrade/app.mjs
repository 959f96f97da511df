// One process of the application that is upgraded: run in a folder where core and the providers are installed.
import http from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [provider, json] = process.argv.slice(2);
const here = createRequire(`${process.cwd()}/app.mjs`);
const load = (name) => import(pathToFileURL(here.resolve(name)).href);
const { createManager } = await load("@sess/core");
await load(`@sess/${provider}`);
const sessions = await createManager(provider, json);
sessions.startGC();

const routes = {
  "/in": async (session, name) => {
    session.set("user", name);
    session.owner = name;
    await session.regenerate();
  },
  "/count": (session) => session.update("n", (n) => (n ?? 0) + 1),
  "/renew": (session) => session.regenerate(),
  "/out": (session) => session.destroy(),
  "/out-everywhere": (_session, name) => sessions.destroyOwned(name),
};

const server = http.createServer(
  sessions.handler(async (session, req, res) => {
    const { pathname, searchParams } = new URL(req.url, "http://localhost");
    await routes[pathname]?.(session, searchParams.get("name"));
    const gone = pathname.startsWith("/out");
    res.setHeader("connection", "close");
    res.end(JSON.stringify(gone ? {} : { user: session.get("user"), n: session.get("n") }));
  }),
);
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));

process.on("message", () => {
  server.close(async () => {
    await sessions.close();
    process.exit(0);
  });
});
process.on("disconnect", () => process.exit(1));
