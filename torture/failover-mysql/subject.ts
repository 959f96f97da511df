import { mysql } from "@sess/mysql/provider";
import { appUser, Replicas } from "../../packages/mysql/test/replicas.js";
import type { Subject } from "./trial.js";

/** MariaDB, replicated asynchronously or semi-synchronously. */
export const mariadb: Subject = {
  start: (semiSync, distance) => Replicas.start(semiSync, distance),
  connector: (port, timeout) => mysql({ dsn: `${appUser}@tcp(127.0.0.1:${port})/sess`, timeout, createTable: false }),
};
