/** Ours, over the provider that PROVIDER names, under the framework that FRAMEWORK names. */
import { randomBytes } from "node:crypto";
import { createManager } from "@sess/core";
import { respond, serve, store, text } from "./common.mjs";

const { PROVIDER: provider, FRAMEWORK: framework } = process.env;
if (provider !== "memory") await import(`@sess/${provider}`);
const configs = {
  memory: { maxSessions: 2_000_000 },
  cookie: { keys: [randomBytes(32).toString("base64url")] },
  file: { directory: store },
  "file-durable": { directory: store, durable: true },
};
const durable = process.env.DURABLE === "1";
const providerConfig = configs[durable ? `${provider}-durable` : provider] ?? store;
const sessions = await createManager(provider, { providerConfig });

const frameworks = {
  node: async () => {
    const listener = sessions.handler((session, req, res) => {
      const body = respond(session, req.url);
      res.writeHead(200, text).end(body);
    });
    return (req, res) => (req.url === "/none" ? res.writeHead(200, text).end("none") : listener(req, res));
  },
  express: async () => {
    const { default: express } = await import("express");
    const { session } = await import("@sess/core/express");
    const app = express();
    app.use(session(sessions));
    app.get("/none", (_req, res) => res.set(text).end("none"));
    app.use(async (req, res) => {
      const found = await req.session();
      res.set(text).end(respond(found, req.url));
    });
    return app;
  },
  fastify: async () => {
    const { default: fastify } = await import("fastify");
    const { session } = await import("@sess/core/fastify");
    const app = fastify();
    app.register(session(sessions));
    app.get("/none", async () => "none");
    app.get("/:what", async (request) => respond(await request.session(), request.url));
    await app.listen({ port: 0, host: "127.0.0.1" });
    return app.server;
  },
  koa: async () => {
    const { default: Koa } = await import("koa");
    const { session } = await import("@sess/core/koa");
    const app = new Koa();
    app.use(session(sessions));
    app.use(async (ctx) => {
      ctx.body = ctx.path === "/none" ? "none" : respond(await ctx.session(), ctx.path);
    });
    return app.callback();
  },
};
serve(await frameworks[framework]());
