/** koa-session, in the cookie. */
import Koa from "koa";
import session from "koa-session";
import { answer, data, serve } from "./common.mjs";

const app = new Koa();
app.keys = ["a secret of some length for the bench"];
const create = session.createSession ?? session;
app.use(create({ maxAge: 3_600_000 }, app));
app.use((ctx) => {
  if (ctx.path === "/make") Object.assign(ctx.session, { data, n: 0 });
  else if (ctx.path === "/write") ctx.session.n++;
  ctx.body = answer(ctx.session);
});
serve(app.callback());
