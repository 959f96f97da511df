import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
  createManager,
  type Manager,
  type ManagerConfig,
  type SessionData,
  type SessionHandler,
  type SessionStore,
} from "@sess/core";
import { afterEach, vi } from "vitest";
import { type CookieConfig, cookie } from "../src/provider.js";

/** What a client sees. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

const servers: Server[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** Real sockets; resolves to the port. */
export async function serve(manager: Manager<SessionData>, handler: SessionHandler<SessionData>): Promise<number> {
  const server = createServer(manager.handler(handler));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** Resolves when the answer is complete; rejects when it breaks off. */
export function get(port: number, cookies?: string, method = "GET", body = ""): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { "Content-Length": body.length, ...(cookies !== undefined && { cookie: cookies }) };
    const req = request({ port, host: "127.0.0.1", method, agent: false, headers }, (res) => {
      const chunks: Buffer[] = [];
      res.on("data", (chunk: Buffer) => chunks.push(chunk));
      res.on("error", reject);
      res.on("end", () => {
        resolve({ status: res.statusCode ?? 0, headers: res.headers, body: Buffer.concat(chunks).toString() });
      });
    });
    req.on("error", reject);
    req.end(body);
  });
}

/** What a browser would send back; "" where the cookie was cleared. */
export function cookieOf(answer: Answer, name = "sessionid"): string | undefined {
  const line = answer.headers["set-cookie"]?.find((each) => each.startsWith(`${name}=`));
  if (line === undefined) return undefined;
  return line.startsWith(`${name}=;`) ? "" : line.split(";")[0];
}

/** Random bytes, new on every call. */
export function newKey(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(32));
}

/** A handler that answers by itself is handed the response; what another returns is the body. */
export type Visit = (handler: SessionHandler<SessionData>, cookies?: string) => Promise<Answer>;

/** A server whose handler can be replaced and whose clock can be turned. */
export async function site(config: ManagerConfig = {}, provider: CookieConfig = { keys: [newKey()] }) {
  let time = Date.now();
  const manager = await createManager(cookie(provider), { now: () => time, ...config });
  let handler: SessionHandler<SessionData> = (_session, _req, res) => res.end();
  const port = await serve(manager, (session, req, res) => handler(session, req, res));
  const visit: Visit = (next, cookies) => {
    handler = next;
    return get(port, cookies);
  };
  const wait = (milliseconds: number) => {
    time += milliseconds;
  };
  return { manager, visit, wait };
}

/** Answers with what a session holds, and changes nothing. */
export const show =
  (...fields: string[]): SessionHandler<SessionData> =>
  (session, _req, res) =>
    res.end(fields.map((field) => String(session.get(field))).join(" "));

/** Sets fields and answers "ok". */
export const put =
  (fields: SessionData): SessionHandler<SessionData> =>
  (session, _req, res) => {
    for (const [field, value] of Object.entries(fields)) session.set(field, value);
    res.end("ok");
  };

/** The code an action is rejected with; "accepted" when it is not. */
export function codeOf(action: () => unknown): Promise<string> {
  return (async () => action())().then(
    () => "accepted",
    (error: { code?: string; message?: string }) => error.code ?? `no code: ${error.message}`,
  );
}

/** Errors that core reports, which vitest would otherwise print as warnings. */
export function silenceWarnings() {
  return vi.spyOn(process, "emitWarning").mockImplementation(() => {});
}

/** An id as the handler sees it. */
export const idOf = (session: SessionStore<SessionData>): string => session.id;
