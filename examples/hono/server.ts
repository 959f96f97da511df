/** Sign in, count, fill a cart, sign out. Sessions are kept in memory, so they end with the process. */
import { serve } from "@hono/node-server";
import { createManager } from "@sess/core";
import { session } from "@sess/core/hono";
import { Hono } from "hono";
import { shopPage } from "../page.js";

interface Fields {
  user: string;
  visits: number;
  cart: string[];
}

const sessions = await createManager<Fields>("memory", { maxLifetime: 1800 });
sessions.startGC();

const app = new Hono();
app.use(session(sessions));

app.get("/", async (c) => {
  const session = await c.var.session<Fields>();
  const visits = await session.update("visits", (visits) => (visits ?? 0) + 1);
  return c.html(shopPage({ user: session.get("user"), visits, cart: session.get("cart") }));
});

app.post("/sign-in", async (c) => {
  const session = await c.var.session<Fields>();
  session.set("user", c.req.query("user"));
  await session.regenerate(); // A new id for a new right.
  return c.redirect("/", 303);
});

app.post("/cart", async (c) => {
  const session = await c.var.session<Fields>();
  await session.update("cart", (cart) => [...(cart ?? []), c.req.query("item") ?? ""]);
  return c.redirect("/", 303);
});

app.post("/sign-out", async (c) => {
  const session = await c.var.session<Fields>();
  await session.destroy();
  return c.redirect("/", 303);
});

const server = serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000) }, ({ port }) => {
  console.log(`http://localhost:${port}`);
});
process.once("SIGTERM", () => server.close(() => void sessions.close()));
