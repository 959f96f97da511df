/** Sign in, count, fill a cart, sign out. Sessions are kept in memory, so they end with the process. */
import { createManager } from "@sess/core";
import { session } from "@sess/core/fastify";
import fastify from "fastify";
import { shopPage } from "../page.js";

interface Fields {
  user: string;
  visits: number;
  cart: string[];
}

const sessions = await createManager<Fields>("memory", { maxLifetime: 1800 });
sessions.startGC();

const app = fastify();
app.register(session(sessions));
app.addHook("onClose", () => sessions.close());
// Without it, Fastify refuses the form of a page.
const formType = "application/x-www-form-urlencoded";
app.addContentTypeParser(
  formType,
  { parseAs: "string" },
  async (_request: unknown, body: unknown) => new URLSearchParams(String(body)),
);

app.get("/", async (request, reply) => {
  const session = await request.session<Fields>();
  const visits = await session.update("visits", (visits) => (visits ?? 0) + 1);
  reply.type("text/html; charset=utf-8");
  return shopPage({ user: session.get("user"), visits, cart: session.get("cart") });
});

app.post<{ Querystring: { user: string } }>("/sign-in", async (request, reply) => {
  const session = await request.session<Fields>();
  session.set("user", request.query.user);
  await session.regenerate(); // A new id for a new right.
  return reply.redirect("/", 303);
});

app.post<{ Querystring: { item: string } }>("/cart", async (request, reply) => {
  const session = await request.session<Fields>();
  await session.update("cart", (cart) => [...(cart ?? []), request.query.item]);
  return reply.redirect("/", 303);
});

app.post("/sign-out", async (request, reply) => {
  const session = await request.session<Fields>();
  await session.destroy();
  return reply.redirect("/", 303);
});

console.log(await app.listen({ port: Number(process.env.PORT ?? 3000) }));
process.once("SIGTERM", () => void app.close());
