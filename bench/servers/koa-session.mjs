/** koa-session, in the cookie, or nothing where PROVIDER is "none". */
import Koa from "koa";
import session from "koa-session";
import { answer, data, serve } from "./common.mjs";

const app = new Koa();
app.keys = ["a secret of some length for the bench"];
const create = session.createSession ?? session;
const isBare = process.env.PROVIDER === "none";
if (!isBare) app.use(create({ maxAge: 3_600_000 }, app));
app.use((ctx) => {
  if (isBare) {
    if (ctx.path === "/make") ctx.set("set-cookie", "id=1; Path=/; HttpOnly");
    ctx.body = "none none";
    return;
  }
  if (ctx.path === "/make") Object.assign(ctx.session, { data, n: 0 });
  else if (ctx.path === "/write") ctx.session.n++;
  ctx.body = answer(ctx.session);
});
serve(app.callback());
