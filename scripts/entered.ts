/**
 * Lists the files of core that a read, a write and a regenerate enter: `npm run entered`. A file is entered if one of
 * its functions runs between the request and the end of its response, by V8's coverage. The memory provider's files are
 * left out.
 */
import { createServer, type RequestListener, request } from "node:http";
import { Session } from "node:inspector/promises";
import type { AddressInfo } from "node:net";
import { createManager, memory } from "../packages/core/src/index.js";

const ways = ["read", "write", "regenerate"] as const;

const sessions = await createManager(memory());
const inspector = new Session();
inspector.connect();
await inspector.post("Profiler.enable");
await inspector.post("Profiler.startPreciseCoverage", { callCount: true });

const listener: RequestListener = sessions.handler(async (session, { url }, res) => {
  if (url !== "/read") session.set("visits", [Date.now()]);
  if (url === "/regenerate") await session.regenerate();
  res.end(JSON.stringify(session.get("visits")));
});
const server = createServer(listener);
await new Promise<void>((resolve) => server.listen(0, resolve));
const { port } = server.address() as AddressInfo;
let cookie = "";

function ask(way: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, path: `/${way}`, headers: cookie === "" ? {} : { cookie } }, (res) => {
      cookie = res.headers["set-cookie"]?.[0]?.split(";")[0] ?? cookie;
      res.resume().once("end", resolve);
    });
    sent.once("error", reject).end();
  });
}

/** Coverage since the last call: only what has run. */
async function entered(): Promise<string[]> {
  // Work after the response counts as part of it.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const { result } = await inspector.post("Profiler.takePreciseCoverage");
  return result
    .filter(({ functions }) => functions.some(({ functionName, ranges }) => functionName !== "" && ranges[0]?.count))
    .flatMap(({ url }) => url.split("/packages/core/src/")[1] ?? [])
    .filter((file) => !file.startsWith("memory/"))
    .sort();
}

for (const way of ways) {
  // Runs once before measuring, for modules that are loaded late.
  await ask("write");
  await ask(way);
  await entered();
  await ask(way);
  const files = await entered();
  console.log(`A ${way} enters ${files.length} files:\n  ${files.join("\n  ")}`);
}
server.close();
await sessions.close();
inspector.disconnect();
process.exit();
