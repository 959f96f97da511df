/** Sign in, count, fill a cart, sign out. Sessions are kept in memory, so they end with the process. */
import type { AddressInfo } from "node:net";
import { createManager } from "@sess/core";
import { session } from "@sess/core/koa";
import Koa, { type Context } from "koa";
import { shopPage } from "../page.js";

interface Fields {
  user: string;
  visits: number;
  cart: string[];
}

const sessions = await createManager<Fields>("memory", { maxLifetime: 1800 });
sessions.startGC();

const routes: Record<string, (ctx: Context) => Promise<void>> = {
  "GET /": async (ctx) => {
    const session = await ctx.session<Fields>();
    const visits = await session.update("visits", (visits) => (visits ?? 0) + 1);
    ctx.body = shopPage({ user: session.get("user"), visits, cart: session.get("cart") });
  },
  "POST /sign-in": async (ctx) => {
    const session = await ctx.session<Fields>();
    session.set("user", String(ctx.query.user));
    await session.regenerate(); // A new id for a new right.
    seeOther(ctx);
  },
  "POST /cart": async (ctx) => {
    const session = await ctx.session<Fields>();
    await session.update("cart", (cart) => [...(cart ?? []), String(ctx.query.item)]);
    seeOther(ctx);
  },
  "POST /sign-out": async (ctx) => {
    const session = await ctx.session<Fields>();
    await session.destroy();
    seeOther(ctx);
  },
};

function seeOther(ctx: Context): void {
  ctx.status = 303;
  ctx.redirect("/");
}

const app = new Koa();
app.use(session(sessions));
app.use((ctx) => routes[`${ctx.method} ${ctx.path}`]?.(ctx));

const server = app.listen(Number(process.env.PORT ?? 3000), () => {
  console.log(`http://localhost:${(server.address() as AddressInfo).port}`);
});
process.once("SIGTERM", () => server.close(() => void sessions.close()));
