/** express-session with the store that PROVIDER names, by the settings its README recommends. */
import { createRequire } from "node:module";
import express from "express";
import session from "express-session";
import { answer, data, serve, store, text } from "./common.mjs";

const require = createRequire(import.meta.url);
const stores = {
  memory: async () => new session.MemoryStore(),
  memorystore: async () => new (require("memorystore")(session))({ checkPeriod: 86_400_000 }),
  redis: async () => {
    const { RedisStore } = await import("connect-redis");
    const { createClient } = await import("redis");
    return new RedisStore({ client: await createClient({ url: store }).connect() });
  },
  mysql: async () => {
    const { hostname, port, username, password, pathname } = new URL(store);
    const MySQLStore = require("express-mysql-session")(session);
    const made = new MySQLStore({
      host: hostname,
      port: Number(port),
      user: username,
      password,
      database: pathname.slice(1),
      connectionLimit: 10,
    });
    await made.onReady();
    return made;
  },
  postgres: async () => {
    const { Pool } = await import("pg");
    const PgStore = require("connect-pg-simple")(session);
    return new PgStore({ pool: new Pool({ connectionString: store, max: 10 }), createTableIfMissing: true });
  },
  file: async () =>
    new (require("session-file-store")(session))({ path: store, retries: 0, reapInterval: -1, logFn() {} }),
};

const app = express();
app.get("/none", (_req, res) => res.set(text).end("none"));
app.use(
  session({
    secret: "a secret of some length for the bench",
    resave: false,
    saveUninitialized: false,
    cookie: { maxAge: 3_600_000 },
    store: await stores[process.env.PROVIDER](),
  }),
);
app.use((req, res) => {
  if (req.url === "/make") Object.assign(req.session, { data, n: 0 });
  else if (req.url === "/write") req.session.n++;
  res.set(text).end(answer(req.session));
});
serve(app);
