import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inSync, promptly, Redis } from "../../packages/redis/test/replicas.js";
import { end, freePort, launchGuarded, type PrivateRedis, startRedis } from "../../packages/redis/test/server.js";
import { cutOff, type Deployment, eventually, type Takeover } from "./deployment.js";

const name = "sessions";

/** Milliseconds without an answer after which a sentinel considers the master down. */
const downAfter = 2000;

/** A master, a replica, and three sentinels that watch them. */
export async function startSentinel(): Promise<Deployment> {
  const master = await startRedis(...promptly);
  const replica = await startRedis(...promptly, "--replicaof", "127.0.0.1", String(master.port));
  await inSync(replica.port);
  const sentinels = await Promise.all(Array.from({ length: 3 }, () => startOne(master.port)));
  await Promise.all(sentinels.map(({ port }) => acquainted(port)));
  return new Sentinels(master, replica, sentinels);
}

class Sentinels implements Deployment {
  readonly shards = 1;
  readonly #sentinels: readonly Sentinel[];
  readonly #observers = new Map<PrivateRedis, Redis>();
  #master: PrivateRedis;
  #replica: PrivateRedis;

  constructor(master: PrivateRedis, replica: PrivateRedis, sentinels: readonly Sentinel[]) {
    this.#master = master;
    this.#replica = replica;
    this.#sentinels = sentinels;
    for (const server of [master, replica]) this.#observers.set(server, observe(server.port));
  }

  connect(): Redis {
    const sentinels = this.#sentinels.map(({ port }) => ({ host: "127.0.0.1", port }));
    return new Redis({ sentinels, name, retryStrategy: () => 100 });
  }

  async slotOf(): Promise<number> {
    return 0;
  }

  keys(): Promise<readonly string[]> {
    return this.#observer(this.#master).keys("*");
  }

  async failOver(cut: number): Promise<Takeover> {
    const { killed } = await cutOff(this.#master, this.#observer(this.#master), this.#replica, cut);
    const next = this.#observer(this.#replica);
    await eventually("a new master", async () => ((await next.role())[0] === "master" ? true : undefined));
    [this.#master, this.#replica] = [this.#replica, this.#master];
    return { killed, elected: performance.now(), owned: () => true };
  }

  async heal(): Promise<void> {
    await this.#replica.restart();
    // The sentinels would find it by themselves, but only after eight seconds.
    await this.#observer(this.#replica).replicaof("127.0.0.1", this.#master.port);
    await inSync(this.#replica.port);
    // It cannot be elected next time until each of them has seen it.
    await Promise.all(this.#sentinels.map(({ port }) => acquainted(port, this.#master.port)));
  }

  async stop(): Promise<void> {
    for (const observer of this.#observers.values()) observer.disconnect();
    await Promise.all(this.#sentinels.map((sentinel) => sentinel.stop()));
    await Promise.all([this.#master.stop(), this.#replica.stop()]);
  }

  #observer(server: PrivateRedis): Redis {
    const observer = this.#observers.get(server);
    if (observer === undefined) throw new Error("nobody looks at this server");
    return observer;
  }
}

interface Sentinel {
  readonly port: number;
  stop(): Promise<void>;
}

async function startOne(masterPort: number): Promise<Sentinel> {
  const directory = await mkdtemp(join(tmpdir(), "sess-sentinel-"));
  const port = await freePort();
  const file = join(directory, "sentinel.conf");
  const lines = [
    `port ${port}`,
    "bind 127.0.0.1",
    `dir ${directory}`,
    `sentinel monitor ${name} 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds ${name} ${downAfter}`,
    `sentinel failover-timeout ${name} 3000`,
  ];
  await writeFile(file, `${lines.join("\n")}\n`);
  const running = await launchGuarded([file, "--sentinel"], /(\+monitor master)/);
  return {
    port,
    stop: async () => {
      await end(running);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Resolves when a sentinel knows the two others, a master that is up (at that port), and a replica of it. */
async function acquainted(port: number, masterPort?: number): Promise<void> {
  const client = observe(port);
  try {
    await eventually("a sentinel that knows everybody", async () => {
      const master = await table(client, "master");
      const replica = await table(client, "replicas");
      const known = master["num-other-sentinels"] === "2" && master.flags === "master";
      return known && replica.flags === "slave" && master.port === String(masterPort ?? master.port) ? true : undefined;
    });
  } finally {
    client.disconnect();
  }
}

/** What a sentinel says of the master, or of the first replica. */
async function table(client: Redis, about: "master" | "replicas"): Promise<Record<string, string>> {
  const reply = (await client.call("sentinel", about, name)) as string[] | string[][];
  const flat = (about === "master" ? reply : reply[0]) as string[];
  return Object.fromEntries(flat.flatMap((word, at) => (at % 2 === 0 ? [[word, flat[at + 1] ?? ""]] : [])));
}

/** A connection to one server, which comes back whenever the server does. */
export function observe(port: number): Redis {
  const client = new Redis({ port, maxRetriesPerRequest: null, retryStrategy: () => 20, enableReadyCheck: false });
  client.on("error", () => {});
  return client;
}
