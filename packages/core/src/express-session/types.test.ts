import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

// As an application sees the types: in a program that has this adapter and not the other one.

const core = join(import.meta.dirname, "..", "..");
const root = join(core, "..", "..");
const folder = join(core, ".tmp", "express-session");

const application = `
import { createManager } from "@sess/core";
import { session } from "@sess/core/express-session";
import flash from "connect-flash";
import express, { type RequestHandler } from "express";
import passport from "passport";

declare module "@sess/core/express-session" {
  interface SessionData {
    views: number;
    user: { id: string; roles: string[] };
  }
}

interface Fields { name: string }
const typed = await createManager<Fields>("memory");
const app = express();
app.use(session({ sessions: typed, resave: false, saveUninitialized: false, cookie: { maxAge: 60_000 } }));
app.use(passport.session(), flash());

const handler: RequestHandler = (req, res) => {
  const views: number | undefined = req.session.views;
  const id: string = req.sessionID;
  req.session.views = (views ?? 0) + 1;
  delete req.session.views;
  req.session.user?.roles.push(id);
  req.session.cookie.maxAge = 1000;
  req.session.regenerate((error) => error).save().touch();
  req.session.destroy();
  req.login({}, () => req.flash("info", "hello"));
  // @ts-expect-error: it is a number.
  req.session.views = "one";
  // @ts-expect-error: nobody declared it.
  req.session.undeclared = 1;
  // @ts-expect-error: a new id comes with regenerate.
  req.session.id = "mine";
  res.json(req.session.cookie.originalMaxAge);
};
app.get("/", handler);
// @ts-expect-error: it would write away what others have changed.
app.use(session({ sessions: typed, resave: true }));
// @ts-expect-error: who keeps the sessions?
app.use(session({ secret: "a secret" }));
`;

interface Program {
  readonly files: Readonly<Record<string, string>>;
  /** Packages of types that are there without being imported. */
  readonly types?: readonly string[];
}

async function compile({ files, types = ["node"] }: Program): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), `${text}\nexport {};\n`);
  const config = {
    extends: join(root, "tsconfig.base.json"),
    files: Object.keys(files),
    compilerOptions: { typeRoots: [join(root, "node_modules", "@types")], types },
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  return promisify(execFile)(process.execPath, [tsc, "-p", folder]).then(
    () => "",
    (error: { stdout: string }) => error.stdout,
  );
}

const timeout = 120_000;

test("an application with passport and connect-flash compiles, and its mistakes do not", { timeout }, async () => {
  expect(await compile({ files: { "application.ts": application } })).toBe("");
});

// Beside @types/express-session, which connect-redis and csrf-sync need, and applications augmented.

const oursFirst = `
import { createManager } from "@sess/core";
import { session, type OldStore } from "@sess/core/express-session";
declare module "@sess/core/express-session" { interface SessionData { views: number } }
`;
const theirsFirst = `
import type { Store } from "express-session";
declare module "express-session" { interface SessionData { user: { name: string } } }
`;
const beside = `
import { RedisStore } from "connect-redis";
import { csrfSync } from "csrf-sync";
import express from "express";

const old: OldStore = new RedisStore({ client: {} });
const older = (store: Store): OldStore => store;
const app = express();
app.use(session({ sessions: await createManager("memory"), from: old, secret: "x".repeat(16) }));
app.use(csrfSync().csrfSynchronisedProtection);
app.get("/", (req, res, next) => {
  const views: number | undefined = req.session.views;
  const name: string | undefined = req.session.user?.name;
  const token: string | null | undefined = req.session.csrfToken;
  req.session.views = 1;
  req.session.user = { name: "ada" };
  req.session.regenerate((error: Error | null) => next(error));
  req.session.save(next);
  req.session.cookie.maxAge = 5;
  req.session.cookie.sameSite = true;
  // @ts-expect-error: nobody declared it.
  req.session.undeclared = 1;
  // @ts-expect-error: it is an object.
  req.session.user = "ada";
  res.json([views, name, token, req.sessionID.length]);
});
export { older };
`;

test.each<[string, Program]>([
  ["imported after ours", { files: { "application.ts": oursFirst + theirsFirst + beside } }],
  ["imported before ours", { files: { "application.ts": theirsFirst + oursFirst + beside } }],
  [
    "there without being imported",
    { files: { "application.ts": oursFirst + theirsFirst + beside }, types: ["node", "express-session"] },
  ],
  [
    "in a file before ours, as a declaration of its own",
    {
      files: {
        "a.ts": theirsFirst,
        "application.ts": `${oursFirst}import type { Store } from "express-session";${beside}`,
      },
    },
  ],
])("@types/express-session, %s: both declarations count", { timeout }, async (_, program) => {
  expect(await compile(program)).toBe("");
});

test("callbacks, and the cookie, as they are typed there", { timeout }, async () => {
  const text = `
import "@sess/core/express-session";
import type { RequestHandler } from "express";
export const handler: RequestHandler = (req, _res, next) => {
  req.session.save((error: Error | undefined) => next(error));
  req.session.destroy((error: NodeJS.ErrnoException | null) => error?.code);
  req.session.reload(next);
  req.session.cookie.sameSite = true;
  req.session.cookie.maxAge = false;
  req.session.cookie.maxAge = new Date();
  req.session.cookie.expires = undefined;
  req.session.cookie.originalMaxAge = 1;
  // @ts-expect-error: read-only.
  req.sessionID = "mine";
};
`;
  expect(await compile({ files: { "application.ts": text } })).toBe("");
});
