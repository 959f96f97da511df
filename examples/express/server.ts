/** Sign in, count, fill a cart, sign out. Sessions are kept in memory, so they end with the process. */
import type { AddressInfo } from "node:net";
import { createManager } from "@sess/core";
import { session } from "@sess/core/express";
import express from "express";
import { shopPage } from "../page.js";

interface Fields {
  user: string;
  visits: number;
  cart: string[];
}

const sessions = await createManager<Fields>("memory", { maxLifetime: 1800 });
sessions.startGC();

const app = express();
app.use(session(sessions));

app.get("/", async (req, res) => {
  const session = await req.session<Fields>();
  const visits = await session.update("visits", (visits) => (visits ?? 0) + 1);
  res.send(shopPage({ user: session.get("user"), visits, cart: session.get("cart") }));
});

app.post("/sign-in", async (req, res) => {
  const session = await req.session<Fields>();
  session.set("user", String(req.query.user));
  await session.regenerate(); // A new id for a new right.
  res.redirect(303, "/");
});

app.post("/cart", async (req, res) => {
  const session = await req.session<Fields>();
  await session.update("cart", (cart) => [...(cart ?? []), String(req.query.item)]);
  res.redirect(303, "/");
});

app.post("/sign-out", async (req, res) => {
  const session = await req.session<Fields>();
  await session.destroy();
  res.redirect(303, "/");
});

const server = app.listen(Number(process.env.PORT ?? 3000), () => {
  console.log(`http://localhost:${(server.address() as AddressInfo).port}`);
});
process.once("SIGTERM", () => server.close(() => void sessions.close()));
