/**
 * Streams 200 MB (or the number of the argument) through a response with a session, to a client in its own process, and
 * through a bare response. Prints how much the memory of the server's process grew for each. Fails above the limit.
 *
 *     node --import tsx --conditions=@sess/source --expose-gc packages/core/torture/stream.ts [megabytes]
 */
import { fork } from "node:child_process";
import { createServer, type RequestListener, request } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline, Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { createManager } from "../src/index.js";

const bound = 48;
const mebibyte = 1024 * 1024;

if (process.send === undefined) await main(Number(process.argv[2] ?? 200));
else receive(Number(process.argv[2]));

async function main(megabytes: number): Promise<void> {
  const sessions = await createManager("memory", {});
  const send = (res: Parameters<RequestListener>[1]) => pipeline(source(megabytes), res, () => {});
  const kinds: Record<string, RequestListener> = {
    bare: (_req, res) => void send(res),
    "with a session": sessions.handler((session, _req, res) => {
      session.set("n", 1);
      send(res);
    }),
  };
  for (const [name, listener] of Object.entries(kinds)) {
    await measure(listener); // Once to warm up: code and pools are not what is measured.
    const { received, growth, seconds } = await measure(listener);
    console.log(`${name}: ${received} MB received in ${seconds.toFixed(1)} s, RSS grew by at most ${growth} MB`);
    if (received !== megabytes || growth > bound) process.exitCode = 1;
  }
  await sessions.close();
}

async function measure(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 5);
  const started = performance.now();
  const received = await receivedBy((server.address() as AddressInfo).port);
  clearInterval(timer);
  await new Promise((resolve) => server.close(resolve));
  const growth = Math.round((most - before) / mebibyte);
  return { received, growth, seconds: (performance.now() - started) / 1000 };
}

function receivedBy(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const client = fork(fileURLToPath(import.meta.url), [String(port)]);
    client.on("message", (bytes) => resolve(Number(bytes) / mebibyte));
    client.on("error", reject);
  });
}

/** The client's process: prints the number of bytes received. */
function receive(port: number): void {
  request({ port, host: "127.0.0.1", agent: false }, (res) => {
    let bytes = 0;
    res.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    res.on("close", () => process.send?.(bytes, () => process.disconnect()));
  }).end();
}

function source(megabytes: number): Readable {
  const chunks = function* () {
    // Each chunk has its own buffer, so that an accumulation is visible.
    for (let i = 0; i < megabytes * 16; i++) yield Buffer.alloc(65_536, i & 255);
  };
  return Readable.from(chunks(), { objectMode: false, highWaterMark: 65_536 });
}
