import { vi } from "vitest";
import { groupsFor } from "../../core/test-support/stores/support.js";
import { canStartRedis, howToEnable, startRedis } from "./server.js";

export { all, Clock, newKey, newRecord } from "../../core/test-support/stores/support.js";

// Generous, for machines that many share: every wait in these tests has a bound of its own.
vi.setConfig({ testTimeout: 30_000 });

/** Groups of tests that start servers of their own, or to which the one that SESS_REDIS_URL names is as good. */
export const { describeWithServer, describeWithUrl } = groupsFor({
  available: await canStartRedis(),
  howToEnable,
  variable: "SESS_REDIS_URL",
  start: startRedis,
});

/** Milliseconds for records of 17 MB, which a busy machine does not send within the default of 2000. */
export const patient = 9000;
