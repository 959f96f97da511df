import type { RedisClient } from "../src/provider.js";

/** Where a client connects to: one server, or a node of a cluster. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A client, connected, and how it is closed. */
export interface Opened {
  readonly client: RedisClient;
  close(): void | Promise<void>;
}

/** A client whose every kind of trial is the same; libraries are loaded only where they are asked for. */
export interface Kind {
  readonly name: string;
  readonly runtime?: "bun";
  readonly cluster?: true;
  /** What `wait` is on it. */
  readonly wait?: true;
  open(address: Address): Promise<Opened>;
}

type NodeRedis = Pick<typeof import("redis"), "createClient" | "createClientPool" | "createCluster">;

const quiet = () => {};

function ioredis(name: string, load: () => Promise<Pick<typeof import("ioredis"), "Redis" | "Cluster">>): Kind[] {
  return [
    {
      name: `${name} Redis`,
      wait: true,
      async open({ host, port }) {
        const { Redis } = await load();
        const client = new Redis({ host, port });
        client.on("error", quiet);
        return { client, close: () => client.disconnect() };
      },
    },
    {
      name: `${name} Cluster`,
      cluster: true,
      wait: true,
      async open(address) {
        const { Cluster } = await load();
        const client = new Cluster([address]);
        client.on("error", quiet);
        return { client, close: () => client.disconnect() };
      },
    },
  ];
}

function nodeRedis(name: string, load: () => Promise<NodeRedis>): Kind[] {
  return [
    {
      name: `${name} createClient`,
      wait: true,
      async open(socket) {
        const { createClient } = await load();
        const client = createClient({ socket });
        client.on("error", quiet);
        await client.connect();
        return { client, close: () => client.destroy() };
      },
    },
    {
      name: `${name} createClientPool`,
      wait: true,
      async open(socket) {
        const { createClientPool } = await load();
        // node-redis 5's pool shrinks after `destroy()`, too, when a command was under way, and throws in that timer.
        const client = createClientPool({ socket }, { cleanupDelay: 600_000 });
        client.on("error", quiet);
        await client.connect();
        return { client, close: () => client.destroy() };
      },
    },
    {
      name: `${name} createCluster`,
      cluster: true,
      wait: true,
      async open(socket) {
        const { createCluster } = await load();
        const client = createCluster({ rootNodes: [{ socket }] });
        client.on("error", quiet);
        await client.connect();
        return { client, close: () => client.destroy() };
      },
    },
  ];
}

/** Milliseconds; the default of 250 is what one large record takes on a busy machine. Ours is 2000. */
const requestTimeout = 2000;

const glide: readonly Kind[] = [
  {
    name: "Valkey GLIDE 2 GlideClient",
    async open(address) {
      const { GlideClient } = await import("@valkey/valkey-glide");
      const client = await GlideClient.createClient({ addresses: [address], requestTimeout });
      return { client, close: () => client.close() };
    },
  },
  {
    name: "Valkey GLIDE 2 GlideClusterClient",
    cluster: true,
    async open(address) {
      const { GlideClusterClient } = await import("@valkey/valkey-glide");
      const client = await GlideClusterClient.createClient({ addresses: [address], requestTimeout });
      return { client, close: () => client.close() };
    },
  },
];

const bun: Kind = {
  name: "Bun RedisClient",
  runtime: "bun",
  async open({ host, port }) {
    const { RedisClient } = (await import("bun" as string)) as { RedisClient: new (url: string) => BunClient };
    const client = new RedisClient(`redis://${host}:${port}`);
    return { client, close: () => client.close() };
  },
};

interface BunClient {
  send(command: string, args: string[]): Promise<unknown>;
  close(): void;
}

/** Every client that is tried. */
export const kinds: readonly Kind[] = [
  ...ioredis("ioredis 6", () => import("ioredis")),
  // Both versions have what is used here, by other types; clients.test.ts is for the types.
  ...ioredis("ioredis 5", async () => (await import("ioredis5")) as never),
  ...nodeRedis("node-redis 6", () => import("redis")),
  ...nodeRedis("node-redis 5", async () => (await import("redis5")) as never),
  bun,
  ...glide,
];

export function kindOf(name: string): Kind {
  const kind = kinds.find((each) => each.name === name);
  if (kind === undefined) throw new Error(`no client "${name}"`);
  return kind;
}
