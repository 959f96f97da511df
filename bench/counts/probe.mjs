/**
 * Loaded into a server before its own code, by NODE_OPTIONS; needs --expose-gc. Each connection to the socket PROBE
 * sends one command and gets its answer as JSON:
 *
 * - `heap`: bytes that live, in V8's heap and outside of it.
 * - `allocations begin`, `allocations end`: bytes allocated in V8's heap between the two.
 * - `calls begin`, `calls end`: which functions of @sess ran between the two, and how often.
 */
import { readFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { Allocations, used } from "./allocations.mjs";

const inspector = new Session();
inspector.connect();
const allocations = new Allocations();

const commands = {
  heap() {
    globalThis.gc();
    globalThis.gc();
    return used() + process.memoryUsage().external;
  },
  "allocations begin"() {
    globalThis.gc();
    allocations.begin();
  },
  "allocations end"() {
    return allocations.end();
  },
  async "calls begin"() {
    await inspector.post("Profiler.enable");
    await inspector.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  },
  async "calls end"() {
    const { result } = await inspector.post("Profiler.takePreciseCoverage");
    await inspector.post("Profiler.stopPreciseCoverage");
    return result.filter(({ url }) => /\/packages\/\w+\/dist\//.test(url)).flatMap(called);
  },
};

function called({ url, functions }) {
  const source = readFileSync(fileURLToPath(url), "utf8");
  return functions.flatMap(({ functionName, ranges: [{ startOffset, count }] }) => {
    if (count === 0) return [];
    const lines = source.slice(0, startOffset).split("\n");
    const where = `${url.replace(/.*\/packages\//, "")}:${lines.length}`;
    const begin = source.slice(startOffset).split("\n", 1)[0];
    return [{ where, name: functionName || begin, count }];
  });
}

createServer((connection) => {
  connection.once("data", async (command) => {
    const answer = await commands[command.toString()]();
    connection.end(JSON.stringify(answer ?? null));
  });
})
  .listen(process.env.PROBE)
  .unref();
