/** Repeated kill -9 of all postgres processes under load: `npm run torture:kill [rounds]`. */
import { tellOfKilling } from "../../../torture/killing.js";
import { postgres } from "../src/provider.js";
import { startPostgres } from "../test/server.js";

const server = await startPostgres("-c", "fsync=on");
await tellOfKilling(server, postgres({ url: server.url, poolSize: 8 }));
