import { once } from "node:events";
import { connect } from "node:net";
import { conformance } from "@sess/core/conformance";
import { beforeAll, test } from "vitest";

const url = new URL(process.env.SESS_MUTATED_URL ?? "");

// By path, and failing in a test: see memory.kit.ts.
const loaded = import("../../packages/redis/src/provider.js");
await loaded.catch(() => undefined);

// The server outlives the mutants: it would still have the scripts of the one before, and would search more and more
// keys.
beforeAll(async () => {
  const socket = connect(Number(url.port), url.hostname);
  for (const command of ["SCRIPT FLUSH", "FLUSHALL"]) {
    socket.write(`${command}\r\n`);
    const [answer] = await once(socket, "data");
    if (String(answer) !== "+OK\r\n") throw new Error(`${command}: ${answer}`);
  }
  socket.destroy();
});

conformance(test, {
  name: "redis",
  open: async ({ namespace, now }) => {
    const { redis } = await loaded;
    return redis({ url: url.href, prefix: namespace }).connect({ now, contract: 1 });
  },
  serverClock: "redis removes what has expired by TTLs of its own clock",
});
