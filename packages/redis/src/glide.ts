import type { Driver, Scan } from "./driver.js";

/** The part of Valkey GLIDE that this provider uses: `GlideClient` or `GlideClusterClient`. */
export interface GlideClient {
  customCommand(args: string[], options?: { readonly route?: GlideRoute; readonly decoder?: never }): Promise<unknown>;
  /** Of a `GlideClusterClient`. */
  invokeScriptWithRoute?: unknown;
}

/** The server that receives a command without a key. */
export type GlideRoute = "randomNode" | { type: "routeByAddress"; host: string; port: number };

/**
 * The driver for Valkey GLIDE. It does not promise to send two commands over one connection, so `wait` is not possible.
 */
export function glideDriver(client: GlideClient): Driver {
  const inCluster = typeof client.invokeScriptWithRoute === "function";
  const send = (...args: readonly (string | number)[]) => client.customCommand(args.map(String));
  const sendTo = (route: GlideRoute, ...args: readonly (string | number)[]) =>
    inCluster ? client.customCommand(args.map(String), { route }) : send(...args);
  const scanOf =
    (route: GlideRoute): Scan =>
    (cursor, pattern, count) =>
      sendTo(route, "SCAN", cursor, "MATCH", pattern, "COUNT", count, "TYPE", "string");
  return {
    keyPrefix: "",
    get: (key) => send("GET", key),
    getrange: (key, start, end) => send("GETRANGE", key, start, end),
    run: (name, script, key, args) => send(name.toUpperCase(), script, 1, key, ...args),
    ping: () => sendTo("randomNode", "PING"),
    info: (section) => sendTo("randomNode", "INFO", section),
    masters: async () => {
      if (!inCluster) return [scanOf("randomNode")];
      return mastersIn(await sendTo("randomNode", "CLUSTER", "SLOTS")).map(scanOf);
    },
  };
}

/** Each range of slots names its master first, by address and port. */
function mastersIn(slots: unknown): GlideRoute[] {
  const found = new Map<string, GlideRoute>();
  for (const range of Array.isArray(slots) ? slots : []) {
    const [host, port]: unknown[] = Array.isArray(range) && Array.isArray(range[2]) ? range[2] : [];
    if (typeof host !== "string" || !Number.isInteger(Number(port))) continue;
    found.set(`${host}:${port}`, { type: "routeByAddress", host, port: Number(port) });
  }
  return [...found.values()];
}
