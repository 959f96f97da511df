import { createPool, type Pool } from "mysql2/promise";
import { far } from "../../../torture/wire/faults.js";
import { TcpProxy } from "../../../torture/wire/proxy.js";
import { ddl } from "../src/provider.js";
import { type PrivateMysql, startMysql } from "./server.js";

/** A user who has what README asks for and nothing else: `read_only` does not bind those who may do everything. */
export const appUser = "app";

interface Member {
  readonly server: PrivateMysql;
  readonly admin: Pool;
}

let serverId = 0;

async function startMember(): Promise<Member> {
  const server = await startMysql(
    "--log-bin=binlog",
    `--server-id=${++serverId}`,
    "--log-slave-updates",
    "--binlog-format=ROW",
    "--rpl-semi-sync-master-wait-point=AFTER_SYNC",
    "--rpl-semi-sync-master-timeout=10000",
  );
  const admin = createPool({ uri: server.url, multipleStatements: true, connectionLimit: 2 });
  // What it did to itself as it started is no part of the history that the others share.
  await admin.query("RESET MASTER");
  return { server, admin };
}

async function stopMember({ server, admin }: Member): Promise<void> {
  await admin.end().catch(() => {});
  await server.stop();
}

/** A primary and a replica that follows it by GTID: asynchronously, or semi-synchronously. */
export class Replicas {
  readonly #semiSync: boolean;
  /** Between the two, for what the replica is told by the primary. */
  readonly #way: TcpProxy;
  #primary: Member;
  #replica: Member;

  private constructor(semiSync: boolean, way: TcpProxy, primary: Member, replica: Member) {
    this.#semiSync = semiSync;
    this.#way = way;
    this.#primary = primary;
    this.#replica = replica;
  }

  /** `distance` is how many milliseconds the replica is away. */
  static async start(semiSync: boolean, distance: number): Promise<Replicas> {
    const [primary, replica] = await Promise.all([startMember(), startMember()]);
    await primary.admin.query(
      `${ddl()}; CREATE USER ${appUser}@'%'; GRANT SELECT, INSERT, UPDATE, DELETE ON sess.sessions TO ${appUser}@'%'`,
    );
    const way = new TcpProxy(primary.server.port);
    await way.begin(far(distance));
    await way.listen();
    const pair = new Replicas(semiSync, way, primary, replica);
    await pair.#follow();
    return pair;
  }

  get port(): number {
    return this.#primary.server.port;
  }

  get replicaPort(): number {
    return this.#replica.server.port;
  }

  /** SIGKILL, as a crash: the system resets its connections. */
  kill(): Promise<void> {
    return this.#primary.server.kill();
  }

  /** The primary becomes a replica and goes on as one, its connections with it; the replica has everything by then. */
  async swap(): Promise<void> {
    const [old, next] = [this.#primary, this.#replica];
    await old.admin.query("SET GLOBAL read_only = 1, rpl_semi_sync_master_enabled = 0");
    await caughtUp(old, next);
    await release(next);
    [this.#primary, this.#replica] = [next, old];
    await this.#follow();
  }

  /** The replica takes over with what it has received. Resolves when it takes writes; `rebuild` what is left then. */
  async promote(): Promise<void> {
    const next = this.#replica;
    await next.admin.query("STOP SLAVE IO_THREAD");
    const [rows] = await next.admin.query("SHOW SLAVE STATUS");
    const [status] = rows as { Gtid_IO_Pos?: string }[];
    await next.admin.query("SELECT MASTER_GTID_WAIT(?, 30)", [status?.Gtid_IO_Pos ?? ""]);
    await release(next);
    [this.#primary, this.#replica] = [next, this.#primary];
  }

  /** In place of a former primary that is gone a new replica, which gets all of the history. */
  async rebuild(kind: string): Promise<void> {
    if (kind === "demoted") return;
    await stopMember(this.#replica);
    this.#replica = await startMember();
    await this.#follow();
  }

  async stop(): Promise<void> {
    await Promise.all([stopMember(this.#primary), stopMember(this.#replica), this.#way.close()]);
  }

  async #follow(): Promise<void> {
    const [{ server, admin }, { admin: follower }] = [this.#primary, this.#replica];
    this.#way.target = server.port;
    const semiSync = this.#semiSync ? 1 : 0;
    await follower.query(
      `SET GLOBAL read_only = 1, rpl_semi_sync_slave_enabled = ${semiSync};
      SET GLOBAL gtid_slave_pos = @@gtid_binlog_pos;
      CHANGE MASTER TO master_host = '127.0.0.1', master_port = ${await this.#way.listen()}, master_user = 'root',
        master_use_gtid = slave_pos, master_connect_retry = 1;
      START SLAVE`,
    );
    await caughtUp(this.#primary, this.#replica);
    if (!this.#semiSync) return;
    await admin.query("SET GLOBAL rpl_semi_sync_master_enabled = 1");
    for (;;) {
      const [rows] = await admin.query(
        "SHOW STATUS WHERE Variable_name = 'Rpl_semi_sync_master_clients' AND Value > 0",
      );
      if ((rows as unknown[]).length > 0) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

async function caughtUp({ admin }: Member, follower: Member): Promise<void> {
  const [rows] = await admin.query("SELECT @@gtid_binlog_pos AS position");
  const [row] = rows as { position: string }[];
  const [answers] = await follower.admin.query("SELECT MASTER_GTID_WAIT(?, 30) AS waited", [row?.position ?? ""]);
  const [answer] = answers as { waited: number }[];
  if (answer?.waited === 0) return;
  const [statuses] = await follower.admin.query("SHOW SLAVE STATUS");
  const [status] = statuses as Record<string, unknown>[];
  throw new Error(`the replica does not follow: ${status?.Last_IO_Error} ${status?.Last_SQL_Error}`);
}

/** A replica that follows nobody any longer, and takes writes. */
async function release({ admin }: Member): Promise<void> {
  await admin.query("STOP SLAVE; RESET SLAVE ALL; SET GLOBAL rpl_semi_sync_slave_enabled = 0, read_only = 0");
}
