import { createServer, type RequestListener } from "node:http";
import { createRequire } from "node:module";
import express5, { type Express, type RequestHandler } from "express";
import type { Callback, CookieData, OldStore, SessionOptions } from "../../src/express-session/index.js";
import { type Answer, type Ask, ask, listen } from "../test-client.js";

// Their own types would say for this whole repository what `req.session` is, and one of the two has none.
const require = createRequire(import.meta.url);
export const express4: typeof express5 = require("express4");

/** As much of express-session as tests use. */
interface ExpressSession {
  (options: Omit<SessionOptions, "sessions" | "resave" | "saveUninitialized" | "from"> & Theirs): RequestHandler;
  readonly MemoryStore: new () => MemoryStore;
}

interface Theirs {
  readonly store?: unknown;
  readonly resave?: boolean;
  readonly saveUninitialized?: boolean;
  readonly rolling?: boolean;
}

export interface MemoryStore extends OldStore {
  set(id: string, data: { readonly cookie: Partial<CookieData> }, callback?: Callback): void;
  readonly sessions: Record<string, string>;
}

export const expressSession: ExpressSession = require("express-session");
export const expresses = [
  ["Express 5", express5],
  ["Express 4", express4],
] as const;
export const secret = "a secret of more than sixteen bytes";

/** Serves an application whose sessions are made by `middleware`. */
export async function serve(
  middleware: unknown,
  routes: (app: Express) => void,
  create: () => Express = () => express5(),
): Promise<number> {
  const app = create();
  app.set("env", "test");
  app.use(middleware as RequestHandler);
  routes(app);
  return listen(createServer(app as RequestListener));
}

/** A browser, as far as cookies go. */
export class Browser {
  readonly #port: number;
  readonly jar = new Map<string, string>();

  constructor(port: number, cookie?: string) {
    this.#port = port;
    if (cookie !== undefined) this.#keep(cookie);
  }

  get cookie(): string {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  async ask(path: string, options: Ask = {}): Promise<Answer> {
    const answer = await ask(this.#port, path, { ...(this.jar.size > 0 && { cookie: this.cookie }), ...options });
    for (const line of answer.headers["set-cookie"] ?? []) this.#keep(line);
    return answer;
  }

  async json(path: string, options: Ask = {}): Promise<unknown> {
    return JSON.parse((await this.ask(path, options)).body);
  }

  #keep(line: string): void {
    const [pair = "", ...attributes] = line.split(";");
    const [name = "", value = ""] = pair.split("=", 2);
    const text = attributes.join(";");
    // Max-Age has precedence (RFC 6265, section 5.3).
    const [, maxAge] = /max-age=([^;]*)/i.exec(text) ?? [];
    const [, expires] = /expires=([^;]*)/i.exec(text) ?? [];
    const ended = maxAge === undefined ? expires !== undefined && Date.parse(expires) <= Date.now() : maxAge === "0";
    if (ended) this.jar.delete(name);
    else this.jar.set(name, value);
  }
}
