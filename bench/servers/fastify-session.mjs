/** @fastify/session in memory, or @fastify/secure-session in the cookie, or neither, as PROVIDER says. */
import fastify from "fastify";
import { respond, serve } from "./common.mjs";

const app = fastify();
const { PROVIDER: provider } = process.env;
if (provider === "memory") {
  await app.register((await import("@fastify/cookie")).default);
  const options = {
    secret: "a secret of more than thirty-two characters",
    cookie: { secure: false, maxAge: 3_600_000 },
  };
  await app.register((await import("@fastify/session")).default, { ...options, saveUninitialized: false });
} else if (provider === "cookie") {
  await app.register((await import("@fastify/secure-session")).default, {
    key: Buffer.alloc(32, 7),
    cookie: { path: "/" },
  });
}
app.get("/:what", async (request, reply) => {
  const { url, session } = request;
  if (provider === "none") {
    if (url === "/make") reply.header("set-cookie", "id=1; Path=/; HttpOnly");
    return "none none";
  }
  return respond(session, url);
});
await app.listen({ port: 0, host: "127.0.0.1" });
serve(app.server);
