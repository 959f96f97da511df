/**
 * A Redis server killed and restarted under load: `npx tsx torture/failover-redis/outage.ts [rounds]`. Every visitor
 * has a session with its own name. Each answer must come in time, and have that name or be a typed error.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createManager } from "@sess/core";
import "@sess/redis";
import { canStartRedis, howToEnable, startRedis } from "../../packages/redis/test/server.js";

const rounds = Number(process.argv[2] ?? 10);
const visitors = 32;
const commandTimeout = 1000;
/** A request loads and saves: two operations, and some time for a busy machine. */
const inTime = 2 * commandTimeout + 1500;

if (!(await canStartRedis())) {
  console.error(howToEnable);
  process.exit(1);
}
const redis = await startRedis("--appendonly", "yes", "--appendfsync", "always");
const providerConfig = { url: redis.url, commandTimeout };
const sessions = await createManager<{ name: string; n: number }>("redis", { providerConfig });
// Reported errors are counted below; a process warning for each would hide the report.
process.removeAllListeners("warning");
process.on("warning", () => {});

const server = createServer(
  sessions.handler(async (session, req, res) => {
    if (req.url !== "/") session.set("name", req.url?.slice(1) ?? "");
    await session.update("n", (n) => (n ?? 0) + 1);
    res.end(session.get("name"));
  }),
).listen(0, "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));
const site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const seen = { answered: 0, refused: 0, others: 0, lost: 0, untyped: 0, late: 0, slowest: 0 };
let running = true;
let lastAnswer = performance.now();

async function ask(path: string, headers: Record<string, string>): Promise<Response> {
  const begun = performance.now();
  const response = await fetch(site + path, { headers });
  const took = performance.now() - begun;
  seen.slowest = Math.max(seen.slowest, took);
  if (took > inTime) seen.late++;
  return response;
}

async function visitor(index: number): Promise<void> {
  const name = `visitor-${index}`;
  const first = await ask(`/${name}`, {});
  const cookie = first.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  while (running) {
    const response = await ask("/", { cookie });
    const text = await response.text();
    if (response.status === 200) {
      seen.answered++;
      lastAnswer = performance.now();
      if (text === "") seen.lost++;
      else if (text !== name) seen.others++;
    } else if (response.status === 503) seen.refused++;
    else seen.untyped++;
  }
}

const visits = Promise.all(Array.from({ length: visitors }, (_, index) => visitor(index)));
const recoveries: number[] = [];
for (let round = 0; round < rounds; round++) {
  await new Promise((resolve) => setTimeout(resolve, 500));
  await redis.kill();
  await new Promise((resolve) => setTimeout(resolve, 700));
  await redis.restart();
  const up = performance.now();
  while (lastAnswer < up) await new Promise((resolve) => setTimeout(resolve, 5));
  recoveries.push(Math.round(lastAnswer - up));
  if (process.stderr.isTTY) process.stderr.write(`\rround ${round + 1}/${rounds}`);
}
await new Promise((resolve) => setTimeout(resolve, 500));
running = false;
await visits;
server.close();
server.closeAllConnections();
await sessions.close();
await redis.stop();
console.log(`${rounds} kills under ${visitors} visitors, commandTimeout ${commandTimeout} ms`);
console.log(`answered ${seen.answered}, refused with 503 ${seen.refused}, any other status ${seen.untyped}`);
console.log(`answered with another's session ${seen.others}, with an empty one ${seen.lost}`);
console.log(`slowest answer ${Math.round(seen.slowest)} ms, later than ${inTime} ms ${seen.late}`);
console.log(`service was back after ${recoveries.join(", ")} ms`);
process.exit(seen.others + seen.untyped + seen.late + seen.lost > 0 ? 1 : 0);
