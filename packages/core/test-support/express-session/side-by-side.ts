import type { Express, Request } from "express";
import type { ManagerConfig } from "../../src/config/options.js";
import { session } from "../../src/express-session/index.js";
import { Stage } from "../stage.js";
import { type Browser, expressSession, secret, serve } from "./express-sites.js";

// The same application over express-session itself, with its MemoryStore, and over ours.

export type Routes = (app: Express) => void;

/** Of the cookie; `maxAge` in milliseconds. */
export interface Cookie {
  readonly maxAge?: number;
  readonly secure?: boolean;
}

export const bag = (req: Request) => req.session as unknown as Record<string, unknown>;

export async function theirs(routes: Routes, cookie: Cookie = {}) {
  const store = new expressSession.MemoryStore();
  const options = { store, secret, name: "sid", resave: false, saveUninitialized: false, cookie };
  return { store, port: await serve(expressSession(options), routes) };
}

export async function ours(routes: Routes, { maxAge, secure }: Cookie = {}, config: ManagerConfig = {}) {
  const stage = new Stage();
  const lifetimes: ManagerConfig =
    maxAge === undefined ? {} : { cookieLifetime: maxAge / 1000, maxLifetime: maxAge / 1000 };
  const sessions = await stage.manager({ cookieName: "sid", ...lifetimes, secure, ...config });
  return { stage, sessions, port: await serve(session({ sessions }), routes) };
}

/** Whether an answer sets the cookie, and how long that one lasts, seconds. */
export async function cookieOf(ada: Browser, path: string): Promise<unknown> {
  const { status, headers } = await ada.ask(path);
  const line = headers["set-cookie"]?.find((each) => each.startsWith("sid="));
  const expires = /Expires=([^;]*)/.exec(line ?? "")?.[1];
  const lasts =
    /Max-Age=(\d+)/.exec(line ?? "")?.[1] ?? (expires && Math.ceil((Date.parse(expires) - Date.now()) / 1000));
  if (status !== 200) return status;
  return line === undefined ? "none" : [Number(lasts ?? 0), line.includes("Secure")];
}
