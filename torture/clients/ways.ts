import { type PrivateCluster, startCluster } from "../../packages/redis/test/cluster.js";
import type { Address, Kind } from "../../packages/redis/test/kinds.js";
import { type Fault, TcpProxy } from "../wire/proxy.js";

/** The proxies between a client and a server, or the nodes of a cluster. */
export class Ways {
  readonly #proxies: readonly TcpProxy[];
  readonly #cluster: PrivateCluster | undefined;
  /** Where the client connects to. */
  readonly address: Address;
  /** The servers themselves, in the order of the ways. */
  readonly nodes: readonly Address[];

  private constructor(
    proxies: readonly TcpProxy[],
    address: Address,
    nodes: readonly Address[],
    cluster?: PrivateCluster,
  ) {
    this.#proxies = proxies;
    this.address = address;
    this.nodes = nodes;
    this.#cluster = cluster;
  }

  /** To the server, or to a private cluster whose nodes announce only these proxies to clients. */
  static async open(kind: Kind, server: Address): Promise<Ways> {
    const cluster = kind.cluster ? await startCluster() : undefined;
    const nodes = cluster?.nodes ?? [server];
    const proxies = nodes.map(({ port }) => new TcpProxy(port));
    const ports = await Promise.all(proxies.map((proxy) => proxy.listen()));
    await cluster?.announce(ports);
    return new Ways(proxies, { host: "127.0.0.1", port: ports[0] ?? 0 }, nodes, cluster);
  }

  async begin(fault: Fault): Promise<void> {
    for (const proxy of this.#proxies) await proxy.begin(fault);
  }

  async lift(): Promise<void> {
    for (const proxy of this.#proxies) await proxy.lift();
  }

  /** Ends the connections that are open. */
  cut(): void {
    for (const proxy of this.#proxies) for (const wire of proxy.wires) wire.destroy();
  }

  /** The way to a node. */
  to(node: number): TcpProxy {
    const proxy = this.#proxies[node];
    if (proxy === undefined) throw new Error("no such way");
    return proxy;
  }

  async close(): Promise<void> {
    await Promise.all(this.#proxies.map((proxy) => proxy.close()));
    await this.#cluster?.stop();
  }
}
