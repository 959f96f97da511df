import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { createManager, type Provider, type SessionRecord } from "@sess/core";
import { cases, runCase } from "@sess/core/conformance";
import { redis } from "@sess/redis/provider";
import { startCluster } from "../../packages/redis/test/cluster.js";
import type { Address, Kind } from "../../packages/redis/test/kinds.js";
import { cableOut, forgotten } from "../wire/faults.js";
import { Ways } from "./ways.js";

/** What a trial needs to know: where the servers are. */
export interface Places {
  readonly server: Address;
  readonly cluster: Address;
  /** A master with one replica, and the replica. */
  readonly master: Address;
  readonly replica: Address;
}

/** What a trial needs that is outside of its process. */
export interface Hands {
  pauseReplica(): Promise<void>;
  resumeReplica(): Promise<void>;
}

type Trial = (kind: Kind, places: Places, hands: Hands) => Promise<string>;

const commandTimeout = 500;
/** How long a time-out of `commandTimeout` may take on a busy machine, in milliseconds. */
const bound = commandTimeout + 2500;
const hour = 3_600_000;

const newKey = () => randomBytes(32).toString("hex");
const newRecord = (fields: Partial<SessionRecord> = {}): SessionRecord => ({
  data: '{"user":"ada"}',
  version: randomBytes(16).toString("hex"),
  expiresAt: Date.now() + hour,
  ...fields,
});
const home = (kind: Kind, places: Places) => (kind.cluster ? places.cluster : places.server);
const context = { now: Date.now, contract: 1 } as const;

function expect(fact: boolean, otherwise: string): void {
  if (!fact) throw new Error(otherwise);
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "done",
    (error: { readonly code?: unknown }) => String(error.code),
  );
}

async function all(keys: AsyncIterable<string> | undefined): Promise<string[]> {
  const found: string[] = [];
  for await (const key of keys ?? []) found.push(key);
  return found;
}

async function conforms(kind: Kind, places: Places): Promise<string> {
  const { client, close } = await kind.open(home(kind, places));
  const counts = { passed: 0, skipped: 0, failed: 0 };
  const failures: string[] = [];
  for (const each of cases) {
    const outcome = await runCase(each, {
      // Records of 17 MB take longer than the default of 2000 on a busy machine.
      open: ({ namespace, now }) =>
        redis({ client, prefix: namespace, commandTimeout: 9000 }).connect({ now, contract: 1 }),
      serverClock: "redis removes what has expired by TTLs of its own clock",
    });
    counts[outcome.status]++;
    if (outcome.status === "failed") failures.push(`${each.id}: ${outcome.error.message.split("\n").join(" ")}`);
  }
  await close();
  expect(counts.failed === 0, failures.join("; "));
  return `${counts.passed} passed, ${counts.skipped} skipped`;
}

async function owners(kind: Kind, places: Places): Promise<string> {
  const { client, close } = await kind.open(home(kind, places));
  let ahead = 0;
  const store = await redis({ client, prefix: newKey() }).connect({ now: () => Date.now() + ahead, contract: 1 });
  const owner = newKey();
  const keys = Array.from({ length: 1500 }, newKey);
  // Not all at once: Valkey GLIDE refuses more than a thousand.
  for (let at = 0; at < keys.length; at += 250) {
    await Promise.all(keys.slice(at, at + 250).map((key) => store.create(key, newRecord({ owner }))));
  }
  const other = newRecord({ owner });
  const [changing] = keys;
  await store.create(newKey(), newRecord({ owner: newKey() }));
  expect(new Set(await all(store.keysOf?.(owner))).size === 1500, "not all sessions were listed");
  const key = newKey();
  await store.create(key, other);
  const marker = newRecord({ owner, retired: "", expiresAt: Date.now() + 120_000 });
  expect((await store.update(key, marker, other.version)).written, "a marker was refused");
  expect((await all(store.keysOf?.(owner))).includes(key), "a live marker was not listed");
  ahead = 120_000 + 61_000;
  const listed = await all(store.keysOf?.(owner));
  expect(!listed.includes(key), "a marker stays in the index");
  expect(changing !== undefined && listed.includes(changing), "a session left the index");
  expect((await all(store.keys?.())).length >= 1500 && (await store.count()) === 1501, "keys or count is wrong");
  await close();
  return "yes";
}

async function settlesInTime(store: Provider, key: string, record: SessionRecord): Promise<void> {
  const operations: Record<string, () => Promise<unknown>> = {
    read: () => store.read(key),
    create: () => store.create(newKey(), record),
    update: () => store.update(key, newRecord(), "other"),
    touch: () => store.touch(key, record.expiresAt + 1, "other"),
    count: () => store.count(),
    keysOf: () => all(store.keysOf?.(newKey())),
  };
  for (const [name, operation] of Object.entries(operations)) {
    const begun = performance.now();
    const code = await codeOf(operation());
    expect(code === "SESS_UNAVAILABLE", `${name}: ${code}`);
    expect(performance.now() - begun < bound, `${name} took ${Math.round(performance.now() - begun)} ms`);
  }
}

async function recovers(store: Provider, key: string, record: SessionRecord, within = 30_000): Promise<void> {
  const found = await served(() => store.read(key), within);
  expect(found?.version === record.version, "another answer than what is stored");
}

/** Asks until it is answered. */
async function served<T>(operation: () => Promise<T>, within = 30_000): Promise<T> {
  const begun = performance.now();
  for (;;) {
    try {
      return await operation();
    } catch (error) {
      const unavailable = error instanceof Error && Reflect.get(error, "code") === "SESS_UNAVAILABLE";
      if (!unavailable || performance.now() - begun > within) throw error;
      await new Promise((go) => setTimeout(go, 50));
    }
  }
}

/** Connections are refused, silent, or forgotten by a firewall. In a cluster this concerns every node. */
async function outage(kind: Kind, places: Places): Promise<string> {
  const ways = await Ways.open(kind, places.server);
  const { client, close } = await kind.open(ways.address);
  const store = await redis({ client, commandTimeout, prefix: newKey() }).connect(context);
  const [key, record] = [newKey(), newRecord()];
  await store.create(key, record);
  for (const fault of [{ refuses: true }, cableOut]) {
    await ways.begin(fault);
    await settlesInTime(store, key, record);
    await ways.lift();
    if (fault === cableOut) ways.cut();
    await recovers(store, key, record);
  }
  await ways.begin(forgotten);
  const left = performance.now();
  // A pool may use a newer connection: then the answer is what is stored.
  const reading = store.read(key);
  const code = await codeOf(reading);
  const right = code === "done" ? (await reading)?.version === record.version : code === "SESS_UNAVAILABLE";
  expect(right, `an answer out of nowhere: ${code}`);
  const alone = await recovers(store, key, record, 8000).then(
    () => `${((performance.now() - left) / 1000).toFixed(1)} s`,
    () => "no",
  );
  await close();
  await ways.close();
  return `yes; leaves a dead connection: ${alone}`;
}

/** A command gets the answer to another. In a cluster, all keys used are on one node. */
async function distrusts(kind: Kind, places: Places): Promise<string> {
  const ways = await Ways.open(kind, places.server);
  const { client, close } = await kind.open(ways.address);
  const store = await redis({ client, prefix: "{distrust}:" }).connect(context);
  const [key, other, owner] = [newKey(), newKey(), newKey()];
  const [mine, theirs] = [newRecord({ owner }), newRecord({ data: "another user's" })];
  await store.create(key, mine);
  await store.create(other, theirs);
  await store.update(key, newRecord(), "unknown");
  await all(store.keysOf?.(owner));
  const { stray, node } = await stored(ways.nodes, `{distrust}:${other}`);
  const answers = [`$${stray.length}\r\n${stray}\r\n`, ":1\r\n", "+OK\r\n", "*2\r\n$1\r\n0\r\n*0\r\n", "$2\r\nhi\r\n"];
  const operations = {
    read: () => store.read(key),
    update: () => store.update(key, newRecord(), "unknown"),
    touch: () => store.touch(key, mine.expiresAt + 1, "unknown"),
    create: () => store.create(key, newRecord()),
    keysOf: () => all(store.keysOf?.(owner)),
  };
  for (const [name, operation] of Object.entries(operations)) {
    for (const answer of answers) {
      void ways.to(node).replaceNextAnswer(answer);
      const code = await codeOf(operation());
      expect(code === "SESS_UNAVAILABLE", `${name} believed ${JSON.stringify(answer.slice(0, 20))}: ${code}`);
      expect((await store.read(key))?.version === mine.version, "the session is another after it");
    }
  }
  await close();
  await ways.close();
  return "yes";
}

/** What is stored under a name, and on which server, read over a separate connection. */
async function stored(nodes: readonly Address[], name: string): Promise<{ stray: string; node: number }> {
  for (const [node, address] of nodes.entries()) {
    const stray = await got(address, name);
    if (stray !== undefined) return { stray, node };
  }
  throw new Error("what was stored is not there");
}

function got({ host, port }: Address, name: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let said = "";
    const socket = connect(port, host, () => socket.write(`GET ${name}\r\n`));
    const settle = (value: string | undefined) => {
      socket.destroy();
      resolve(value);
    };
    socket.on("error", reject);
    socket.on("data", (chunk) => {
      said += chunk.toString();
      const match = /^\$(\d+)\r\n([\s\S]*)\r\n$/.exec(said);
      if (/^(-MOVED|\$-1).*\r\n$/.test(said)) settle(undefined);
      else if (match !== null && match[2]?.length === Number(match[1])) settle(match[2]);
    });
  });
}

async function refusesWait(kind: Kind, places: Places): Promise<string> {
  const { client, close } = await kind.open(home(kind, places));
  try {
    redis({ client, wait: 1 });
    return "NOT REFUSED";
  } catch (error) {
    expect(error instanceof Error && Reflect.get(error, "code") === "SESS_CONFIG", String(error));
    return "refused at start";
  } finally {
    await close();
  }
}

async function waits(kind: Kind, places: Places, hands: Hands): Promise<string> {
  if (!kind.wait) return refusesWait(kind, places);
  const cluster = kind.cluster ? await startCluster(1) : undefined;
  const pause = cluster === undefined ? hands.pauseReplica : async () => cluster.pauseReplicas();
  const resume = cluster === undefined ? hands.resumeReplica : async () => cluster.resumeReplicas();
  const { client, close } = await kind.open(cluster?.nodes[0] ?? places.master);
  const store = await redis({ client, wait: 1, prefix: "wait:" }).connect(context);
  const [key, record] = [newKey(), newRecord()];
  expect(await store.create(key, record), "refused");
  if (!cluster) {
    const { stray } = await stored([places.replica], `wait:${key}`);
    expect(stray.includes(record.version), "not on the replica");
  }
  await pause();
  const marker = newRecord({ retired: "" });
  const both = Promise.all([codeOf(store.update(key, marker, record.version)), store.read(key)]);
  const [code, found] = await both.finally(resume);
  expect(code === "SESS_UNAVAILABLE", `acknowledged without a replica: ${code}`);
  expect(found !== undefined, "a load was held up");
  const again = await served(() => store.update(key, marker, record.version));
  expect(!again.written && again.current?.version === marker.version, "the marker is not there");
  await store.close();
  await close();
  await cluster?.stop();
  return "yes";
}

/** A Manager: sign in, a new id, out everywhere. */
async function manages(kind: Kind, places: Places): Promise<string> {
  const { client, close } = await kind.open(home(kind, places));
  const sessions = await createManager(redis({ client, prefix: newKey() }));
  const signIn = async () => {
    const response = await sessions.handle(new Request("http://localhost/"), async (session) => {
      session.set("user", "ada");
      session.owner = "ada";
      await session.regenerate();
      return new Response();
    });
    return /sessionid=([^;]+)/.exec(response.headers.getSetCookie()[0] ?? "")?.[1] ?? "";
  };
  const ids = [await signIn(), await signIn(), await signIn()];
  expect((await sessions.listOwned("ada")).length === 3, "not three");
  expect((await sessions.destroyOwned("ada")) === 3, "not three ended");
  for (const id of ids) expect(!(await sessions.exists(id)), "one is alive");
  await sessions.close();
  await close();
  return "yes";
}

export const trials: Readonly<Record<string, Trial>> = {
  kit: conforms,
  owners,
  "a Manager": manages,
  outage,
  "strange answers": distrusts,
  wait: waits,
};
