import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

// As an application sees the types: in a program that has this adapter and not @sess/core/fastify.

const core = join(import.meta.dirname, "..", "..");
const root = join(core, "..", "..");
const folder = join(core, ".tmp", "fastify-session");

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
  await mkdir(folder, { recursive: true });
  try {
    await writeFile(join(folder, "application.ts"), application);
    const config = { extends: join(root, "tsconfig.base.json"), files: ["application.ts"] };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const said = await promisify(execFile)(process.execPath, [tsc, "-p", folder]).then(
      () => "",
      (error: { stdout: string }) => error.stdout,
    );
    expect(said).toBe("");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
