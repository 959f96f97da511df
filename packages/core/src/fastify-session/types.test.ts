import { expect, test } from "vitest";
import { compile } from "../../test-support/compile.js";

// As an application sees the types: in a program that has this adapter and not @sess/core/fastify.
const application = `
import { createManager } from "@sess/core";
import { session } from "@sess/core/fastify-session";
import fastify from "fastify";

declare module "@sess/core/fastify-session" {
  interface SessionData {
    views: number;
  }
}

// As it was declared for @fastify/session.
declare module "fastify" {
  interface Session {
    user: { id: string; roles: string[] };
  }
}

interface Fields { name: string }
const typed = await createManager<Fields>("memory");
const app = fastify();
app.register(session({ sessions: typed }));
app.get("/", async (request) => {
  const views: number | undefined = request.session.views;
  const id: string = request.session.sessionId + request.session.encryptedSessionId;
  request.session.views = (views ?? 0) + 1;
  request.session.user?.roles.push(id);
  const user: { id: string } | undefined = request.session.get("user");
  request.session.set("user", user && { ...user, roles: [] });
  request.session.options({ maxAge: 1000 });
  request.session.cookie.maxAge = 1000;
  await request.session.regenerate(["user"]);
  request.session.regenerate((error) => error);
  request.session.destroy((error) => error);
  await request.session.save();
  // @ts-expect-error: it is a number.
  request.session.views = "one";
  // @ts-expect-error: it is a number.
  request.session.set("views", "one");
  // @ts-expect-error: nobody declared it.
  request.session.undeclared = 1;
  // @ts-expect-error: a new id comes with regenerate.
  request.session.sessionId = "mine";
  return {};
});
// @ts-expect-error: the Manager decides.
app.register(session({ sessions: typed, secret: "a secret" }));
// @ts-expect-error: who keeps the sessions?
app.register(session({}));
`;

test("of an application that has declared its fields for either package", { timeout: 120_000 }, async () => {
  expect(await compile(application)).toBe("");
});
