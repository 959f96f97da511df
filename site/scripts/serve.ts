import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { fileOf } from "./built.js";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".png": "image/png",
};

/** A built site as any static host would serve it, on a free port of loopback. */
export async function serve(dist: string): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((req, res) => {
    const file = fileOf(dist, decodeURIComponent(new URL(req.url ?? "/", "http://localhost").pathname));
    const name = file ?? "404.html";
    res.writeHead(file === undefined ? 404 : 200, {
      "Content-Type": types[extname(name)] ?? "application/octet-stream",
    });
    res.end(readFileSync(join(dist, name)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => void server.close() };
}
