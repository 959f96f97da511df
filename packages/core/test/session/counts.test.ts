import { createHook } from "node:async_hooks";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createManager } from "../../src/index.js";
import { closeServers, listen } from "../../test-support/test-client.js";

// What a session adds to a request in promises, ticks and timers: small things, each of which costs, and of which a
// change adds one without being noticed. A figure that has grown wants a reason, one that has shrunk is to be lowered.

afterEach(closeServers);

const requests = 20;
const kinds = ["PROMISE", "TickObject", "Timeout", "Immediate"] as const;
type Counts = Record<(typeof kinds)[number], number>;

/** What one request makes in this process. Its client makes the same whatever it asks. */
async function countsOf(
  listener: RequestListener,
  path: string,
  cookie = "",
): Promise<{ counts: Counts; answer: string }> {
  const port = await listen(createServer(listener));
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  const counts: Counts = { PROMISE: 0, TickObject: 0, Timeout: 0, Immediate: 0 };
  const hook = createHook({
    init: (_id, type) => {
      if (type in counts) counts[type as keyof Counts]++;
    },
  });
  let answer = "";
  let left = requests + 5;
  const ask = () => socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n${cookie && `Cookie: ${cookie}\r\n`}\r\n`);
  await new Promise<void>((resolve) => {
    socket.on("data", (chunk) => {
      answer = String(chunk);
      left--;
      // The first ones make what the later ones reuse.
      if (left === requests) hook.enable();
      if (left > 0) ask();
      else resolve();
    });
    ask();
  });
  hook.disable();
  socket.destroy();
  for (const kind of kinds) counts[kind] /= requests;
  return { counts, answer };
}

test("of a read and of a write in memory, under node:http", async () => {
  const sessions = await createManager<{ n: number }>("memory");
  const listener = sessions.handler((session, { url }, res) => {
    if (url === "/write") session.set("n", (session.get("n") ?? 0) + 1);
    res.end(String(session.get("n")));
  });
  const bare = await countsOf((_req, res) => res.end("bare"), "/");
  const made = await countsOf(listener, "/write");
  const cookie = /^set-cookie: ([^;]+)/im.exec(made.answer)?.[1];
  const added = async (path: string) => {
    const { counts, answer } = await countsOf(listener, path, cookie);
    expect(answer).toMatch(/\r\n\r\n\d+$/);
    return Object.fromEntries(kinds.map((kind) => [kind, Math.max(0, Math.floor(counts[kind] - bare.counts[kind]))]));
  };
  // Whole ones for each request: the timers of the server and of the Manager serve many. Under Node 20 there is one tick less.
  expect({ read: await added("/read"), write: await added("/write") }).toEqual({
    read: { PROMISE: 13, TickObject: 0, Timeout: 0, Immediate: 0 },
    write: { PROMISE: 35, TickObject: 0, Timeout: 0, Immediate: 0 },
  });
  await sessions.close();
});
