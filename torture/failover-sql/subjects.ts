import { mysql } from "@sess/mysql/provider";
import { postgres } from "@sess/postgres/provider";
import { Replicas as MysqlReplicas, appUser as mysqlUser } from "../../packages/mysql/test/replicas.js";
import { canStartMysql, howToEnable as howToEnableMysql } from "../../packages/mysql/test/server.js";
import { Replicas as PostgresReplicas, appUser as postgresUser } from "../../packages/postgres/test/replicas.js";
import { canStartPostgres, howToEnable as howToEnablePostgres } from "../../packages/postgres/test/server.js";
import type { Subject } from "./trial.js";

/** A database, and whether its servers can be started here. */
export interface Database extends Subject {
  canStart(): Promise<boolean>;
  readonly howToEnable: string;
}

/** MariaDB, replicated asynchronously or semi-synchronously; PostgreSQL, replicated asynchronously or synchronously. */
export const databases = {
  mysql: {
    start: (synchronous, distance) => MysqlReplicas.start(synchronous, distance),
    connector: (port, timeout) =>
      mysql({ dsn: `${mysqlUser}@tcp(127.0.0.1:${port})/sess`, timeout, createTable: false }),
    canStart: canStartMysql,
    howToEnable: howToEnableMysql,
  },
  postgres: {
    start: (synchronous, distance) => PostgresReplicas.start(synchronous, distance),
    connector: (port, timeout) =>
      postgres({ host: "127.0.0.1", port, user: postgresUser, database: "postgres", timeout, createTable: false }),
    canStart: canStartPostgres,
    howToEnable: howToEnablePostgres,
  },
} satisfies Record<string, Database>;
