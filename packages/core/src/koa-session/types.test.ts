import { expect, test } from "vitest";
import { compile } from "../../test-support/compile.js";

// As an application sees the types: in a program that has this adapter and not @sess/core/koa.
const application = `
import { createManager } from "@sess/core";
import { session } from "@sess/core/koa-session";
import Koa from "koa";

declare module "@sess/core/koa-session" {
  interface SessionData {
    views: number;
    user: { id: string; roles: string[] };
  }
}

interface Fields { name: string }
const typed = await createManager<Fields>("memory");
const app = new Koa();
app.use(session({ sessions: typed }));
app.use(async (ctx) => {
  const views: number | undefined = ctx.session.views;
  const id: string = ctx.session.externalKey;
  ctx.session.views = (views ?? 0) + 1;
  ctx.session.user?.roles.push(id);
  delete ctx.session.views;
  ctx.session.maxAge = "session";
  ctx.session.maxAge = 1000;
  await ctx.session.regenerate();
  ctx.session.save((error) => error);
  // @ts-expect-error: it is a number.
  ctx.session.views = "one";
  // @ts-expect-error: nobody declared it.
  ctx.session.undeclared = 1;
  // @ts-expect-error: a new id comes with regenerate.
  ctx.session.externalKey = "mine";
  // @ts-expect-error: it is a number.
  ctx.session = { views: "one" };
  ctx.session = { views: 1 };
  ctx.session = null;
});
// @ts-expect-error: the Manager decides.
app.use(session({ sessions: typed, key: "koa.sess" }));
// @ts-expect-error: who keeps the sessions?
app.use(session({}));
`;

test("of an application that has declared its fields", { timeout: 120_000 }, async () => {
  expect(await compile(application)).toBe("");
});
