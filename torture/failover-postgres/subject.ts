import { postgres } from "@sess/postgres/provider";
import { appUser, Replicas } from "../../packages/postgres/test/replicas.js";
import type { Subject } from "../failover-mysql/trial.js";

/** PostgreSQL, replicated asynchronously or synchronously. */
export const postgresql: Subject = {
  start: (synchronous, distance) => Replicas.start(synchronous, distance),
  connector: (port, timeout) =>
    postgres({ host: "127.0.0.1", port, user: appUser, database: "postgres", timeout, createTable: false }),
};
