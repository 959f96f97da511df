import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Cluster, promptly, type Redis } from "../../packages/redis/test/replicas.js";
import { type PrivateRedis, startRedis } from "../../packages/redis/test/server.js";
import { cutOff, type Deployment, eventually, type Takeover } from "./deployment.js";
import { observe } from "./sentinel.js";

const run = promisify(execFile);
const settings = ["--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-node-timeout", "2000"];

/** One server of a cluster, and a connection to look at it. */
export interface Node {
  readonly server: PrivateRedis;
  readonly observer: Redis;
}

/** What CLUSTER NODES says of one node. */
interface Seen {
  readonly id: string;
  readonly port: number;
  readonly flags: readonly string[];
  readonly master: string;
  readonly linked: boolean;
  readonly ranges: readonly (readonly [first: number, last: number])[];
}

/** Three masters, each with a replica. */
export async function startSix(): Promise<Six> {
  const servers = await Promise.all(Array.from({ length: 6 }, () => startRedis(...settings, ...promptly)));
  const addresses = servers.map(({ port }) => `127.0.0.1:${port}`);
  await run("redis-cli", ["--cluster", "create", ...addresses, "--cluster-replicas", "1", "--cluster-yes"]);
  const six = new Six(servers.map((server) => ({ server, observer: observe(server.port) })));
  await six.whole();
  return six;
}

export class Six implements Deployment {
  readonly shards = 3;
  readonly #nodes: readonly Node[];
  #killed: Node | undefined;
  #turn = 0;

  constructor(nodes: readonly Node[]) {
    this.#nodes = nodes;
  }

  connect(): Cluster {
    return new Cluster(this.#nodes.map(({ server }) => ({ host: "127.0.0.1", port: server.port })));
  }

  async slotOf(key: string): Promise<number> {
    return Number(await this.#some().observer.cluster("KEYSLOT", key));
  }

  async keys(): Promise<readonly string[]> {
    const found = await Promise.all((await this.masters()).map(({ node }) => node.observer.keys("*")));
    return found.flat();
  }

  async failOver(cut: number): Promise<Takeover> {
    const masters = await this.masters();
    const { node, seen } = masters[this.#turn++ % masters.length] ?? nobody();
    const witness = this.#nodes.find((other) => other !== node && masters.some((master) => master.node === other));
    this.#killed = node;
    const replica = (await look(node)).find(({ master }) => master === seen.id);
    const successor = this.#nodes.find(({ server }) => server.port === replica?.port) ?? nobody();
    const { killed } = await cutOff(node.server, node.observer, successor.server, cut);
    await eventually("a new owner of the slots", async () => {
      const owner = (await look(witness ?? nobody())).find(({ ranges }) => ranges[0]?.[0] === seen.ranges[0]?.[0]);
      return owner !== undefined && owner.id !== seen.id ? true : undefined;
    });
    const owned = (slot: number) => seen.ranges.some(([first, last]) => slot >= first && slot <= last);
    return { killed, elected: performance.now(), owned };
  }

  async heal(): Promise<void> {
    await this.#killed?.server.restart();
    this.#killed = undefined;
    await this.whole();
  }

  async stop(): Promise<void> {
    for (const { observer } of this.#nodes) observer.disconnect();
    await Promise.all(this.#nodes.map(({ server }) => server.stop()));
  }

  /** Resolves when every node sees three masters that serve everything, and every replica is in sync. */
  async whole(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => eventually("a whole cluster", () => isWhole(node))));
  }

  /** The masters now, each with what it says of itself, in the order of their slots. */
  async masters(): Promise<{ readonly node: Node; readonly seen: Seen }[]> {
    const views = await look(this.#some());
    const found = this.#nodes.flatMap((node) => {
      const seen = views.find(({ port, ranges }) => port === node.server.port && ranges.length > 0);
      return seen === undefined ? [] : [{ node, seen }];
    });
    return found.sort((a, b) => (a.seen.ranges[0]?.[0] ?? 0) - (b.seen.ranges[0]?.[0] ?? 0));
  }

  #some(): Node {
    return this.#nodes.find((node) => node !== this.#killed) ?? nobody();
  }
}

async function isWhole(node: Node): Promise<true | undefined> {
  const [info, seen, replication] = await Promise.all([
    node.observer.cluster("INFO"),
    look(node),
    node.observer.info("replication"),
  ]);
  const masters = seen.filter(({ ranges }) => ranges.length > 0);
  const replicas = seen.filter(({ flags, linked }) => flags.includes("slave") && linked);
  const healthy = seen.every(({ flags }) => !flags.some((flag) => flag.startsWith("fail")));
  const synced = replication.includes("role:master")
    ? replication.includes("state=online")
    : replication.includes("master_link_status:up");
  const ok = String(info).includes("cluster_state:ok") && masters.length === 3 && replicas.length === 3;
  return ok && healthy && synced ? true : undefined;
}

async function look({ observer }: Node): Promise<Seen[]> {
  const text = String(await observer.cluster("NODES"));
  return text.trim().split("\n").map(parse);
}

function parse(line: string): Seen {
  const [id = "", address = "", flags = "", master = "", , , , link, ...slots] = line.split(" ");
  const port = Number(/:(\d+)@/.exec(address)?.[1]);
  const ranges = slots.flatMap((range) => {
    const match = /^(\d+)(?:-(\d+))?$/.exec(range);
    return match === null ? [] : [[Number(match[1]), Number(match[2] ?? match[1])] as const];
  });
  return {
    id,
    port,
    flags: flags.split(","),
    master,
    linked: link === "connected" || flags.includes("myself"),
    ranges,
  };
}

function nobody(): never {
  throw new Error("no such node");
}
