/** Repeated kill -9 of mariadbd under load: `npm run torture:kill [rounds]`. */
import { tellOfKilling } from "../../../torture/killing.js";
import { mysql } from "../src/provider.js";
import { startMysql } from "../test/server.js";

const server = await startMysql("--innodb-flush-log-at-trx-commit=1");
await tellOfKilling(server, mysql({ dsn: server.url, poolSize: 8 }));
