// Four processes count in one session of one database: no count is lost.
import { fork } from "node:child_process";
import { createManager } from "@sess/core";
import "sess-sqlite";

const [, script, id] = process.argv;
const processes = 4;
const rounds = 10;
const atOnce = 25;

const sessions = await createManager("sqlite", { providerConfig: "processes.db" });

async function increment() {
  const session = await sessions.load(id);
  await session.update("n", (n) => n + 1);
}

async function race() {
  const response = await sessions.handle(new Request("http://localhost/"), async (session) => {
    session.set("n", 0);
    return new Response(session.id);
  });
  const begun = await response.text();
  const child = () => new Promise((exited) => fork(script, [begun]).on("exit", exited));
  const codes = await Promise.all(Array.from({ length: processes }, child));
  const found = (await sessions.load(begun)).get("n");
  const expected = processes * rounds * atOnce;
  if (codes.some((code) => code !== 0) || found !== expected) throw new Error(`${found} of ${expected}, exit ${codes}`);
}

if (id === undefined) await race();
else for (let round = 0; round < rounds; round++) await Promise.all(Array.from({ length: atOnce }, increment));
await sessions.close();
