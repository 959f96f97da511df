import { createServer } from "node:http";
import { createManager, type Provider, type ProviderContext, type StoreConnector } from "@sess/core";
import { session as express } from "@sess/core/express";
import { send } from "../send.js";

/** How often core calls each method of a provider, per request of each kind. */
export type ProviderCalls = Readonly<Record<"none" | "read" | "write", Readonly<Record<string, number>>>>;

/** Serves what `servers/sess.mjs` serves, from this process, with a provider whose calls are counted. */
export async function providerCalls(connector: StoreConnector, requests: number): Promise<ProviderCalls> {
  const calls = new Map<string, number>();
  const sessions = await createManager<{ n: number }>({
    ...connector,
    connect: async (context: ProviderContext) => counting(await connector.connect(context), calls),
  });
  const middleware = express(sessions);
  const server = createServer((req, res) => {
    middleware(req, res, async () => {
      if (req.url === "/none") return res.end();
      const session = await sessions.start(req, res);
      if (req.url !== "/read") session.set("n", (session.get("n") ?? 0) + 1);
      return res.end(String(session.get("n")));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const url = `http://127.0.0.1:${address.port}`;
  const made = await fetch(`${url}/make`);
  const cookie = made.headers.getSetCookie().map((line) => line.split(";", 1)[0] ?? "");
  const count = async (path: string) => {
    calls.clear();
    await send(`${url}${path}`, cookie, requests, 1);
    return Object.fromEntries([...calls].map(([name, times]) => [name, times / requests]));
  };
  const counted = { none: await count("/none"), read: await count("/read"), write: await count("/write") };
  server.close();
  await sessions.close();
  return counted;
}

function counting(provider: Provider, calls: Map<string, number>): Provider {
  return new Proxy(provider, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        calls.set(String(name), (calls.get(String(name)) ?? 0) + 1);
        return value.apply(target, args);
      };
    },
  });
}
