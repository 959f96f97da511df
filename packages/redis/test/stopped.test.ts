import { stoppedTests } from "../../core/test-support/stores/stopped.js";
import { redis } from "../src/provider.js";
import { startRedis } from "./server.js";
import { describeWithServer } from "./support.js";

// A Redis that is stopped (SIGSTOP) accepts what is sent and answers nothing.
describeWithServer("a Redis that is stopped", () => {
  stoppedTests(startRedis, ({ url }) => redis({ url }));
});
