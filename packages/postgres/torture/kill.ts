/**
 * kill -9 of postgres, all its processes, under load, time and again: `npm run torture:kill [rounds]`.
 */
import { tellOfKilling } from "../../../torture/killing.js";
import { postgres } from "../src/provider.js";
import { startPostgres } from "../test/server.js";

const server = await startPostgres("-c", "fsync=on");
await tellOfKilling(server, postgres({ url: server.url, poolSize: 8 }));
