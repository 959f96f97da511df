import type { Pool } from "pg";
import { far } from "../../../torture/wire/faults.js";
import { TcpProxy } from "../../../torture/wire/proxy.js";
import { ddl } from "../src/provider.js";
import { type PrivatePostgres, startPostgres, startReplica } from "./server.js";
import { adminPool } from "./support.js";

/** A user who has what README asks for and nothing else. */
export const appUser = "app";

interface Member {
  readonly server: PrivatePostgres;
  readonly admin: Pool;
}

const standby = "standby";
const settings = ["-c", "wal_keep_size=64MB", "-c", "wal_retrieve_retry_interval=100ms"];
const setSynchronous = "ALTER SYSTEM SET synchronous_standby_names = 'standby'";
const setAsynchronous = "ALTER SYSTEM RESET synchronous_standby_names";

/** A primary and a standby that follows it by streaming: asynchronously, or synchronously. */
export class Replicas {
  readonly #synchronous: boolean;
  /** Between the two, for what the standby is told by the primary. */
  readonly #way: TcpProxy;
  #primary: Member;
  #standby: Member;

  private constructor(synchronous: boolean, way: TcpProxy, primary: Member, follower: Member) {
    this.#synchronous = synchronous;
    this.#way = way;
    this.#primary = primary;
    this.#standby = follower;
  }

  /** `distance` is how many milliseconds the standby is away. */
  static async start(synchronous: boolean, distance: number): Promise<Replicas> {
    const primary = member(await startPostgres(...settings));
    await primary.admin.query(
      `${ddl()} CREATE ROLE ${appUser} LOGIN; GRANT SELECT, INSERT, UPDATE, DELETE ON sessions TO ${appUser}`,
    );
    const way = new TcpProxy(primary.server.port);
    await way.begin(far(distance));
    const pair = new Replicas(synchronous, way, primary, await follow(primary, await way.listen()));
    await pair.#synchronize();
    return pair;
  }

  get port(): number {
    return this.#primary.server.port;
  }

  /** SIGKILL, as a crash: the system resets its connections. */
  kill(): Promise<void> {
    return this.#primary.server.kill();
  }

  /** The primary takes no writes any longer and goes on, its connections with it; the standby has everything by then. */
  async swap(): Promise<void> {
    const { admin } = this.#primary;
    await reconfigure(admin, "ALTER SYSTEM SET default_transaction_read_only = on", setAsynchronous);
    await admin.query("SELECT pg_sleep(0.05)");
    await this.#caughtUp();
    await this.promote();
  }

  /** The standby takes over with what it has received. Resolves when it takes writes; `rebuild` what is left then. */
  async promote(): Promise<void> {
    const next = this.#standby;
    await reconfigure(next.admin, setAsynchronous);
    await next.admin.query("SELECT pg_promote(true, 30)");
    [this.#primary, this.#standby] = [next, this.#primary];
  }

  /** In place of the former primary a new standby. */
  async rebuild(): Promise<void> {
    await stopMember(this.#standby);
    this.#way.target = this.#primary.server.port;
    this.#standby = await follow(this.#primary, await this.#way.listen());
    await this.#synchronize();
  }

  async stop(): Promise<void> {
    await Promise.all([stopMember(this.#primary), stopMember(this.#standby), this.#way.close()]);
  }

  async #caughtUp(): Promise<void> {
    const { rows } = await this.#primary.admin.query("SELECT pg_current_wal_flush_lsn() AS end");
    await until(this.#standby.admin, `SELECT pg_last_wal_replay_lsn() >= '${rows[0].end}' AS yes`);
  }

  async #synchronize(): Promise<void> {
    const { admin } = this.#primary;
    if (this.#synchronous) await reconfigure(admin, setSynchronous);
    const state = this.#synchronous ? "sync_state = 'sync'" : "state = 'streaming'";
    await until(admin, `SELECT count(*) > 0 AS yes FROM pg_stat_replication WHERE ${state}`);
  }
}

function member(server: PrivatePostgres): Member {
  return { server, admin: adminPool(server.url) };
}

/** A standby of a primary, copied from it and then told of what is new on another port that leads to it. */
async function follow({ server }: Member, port: number): Promise<Member> {
  const way = `host=127.0.0.1 port=${port} user=postgres application_name=${standby}`;
  return member(await startReplica(server.port, standby, ...settings, "-c", `primary_conninfo=${way}`));
}

async function stopMember({ server, admin }: Member): Promise<void> {
  await admin.end();
  await server.stop();
}

async function reconfigure(admin: Pool, ...changes: readonly string[]): Promise<void> {
  for (const change of changes) await admin.query(change);
  await admin.query("SELECT pg_reload_conf()");
}

async function until(admin: Pool, question: string): Promise<void> {
  while (!(await admin.query(question)).rows[0].yes) await new Promise((resolve) => setTimeout(resolve, 10));
}
