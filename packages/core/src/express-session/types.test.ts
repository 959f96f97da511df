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

async function compile(text: string): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "application.ts"), `${text}\nexport {};\n`);
  const config = {
    extends: join(root, "tsconfig.base.json"),
    include: ["*.ts"],
    compilerOptions: { typeRoots: [join(root, "node_modules", "@types")] },
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  return promisify(execFile)(process.execPath, [tsc, "-p", folder]).then(
    () => "",
    (error: { stdout: string }) => error.stdout,
  );
}

test("an application with passport and connect-flash compiles, and its mistakes do not", {
  timeout: 120_000,
}, async () => {
  expect(await compile(application)).toBe("");
});
