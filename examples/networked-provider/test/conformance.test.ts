import { conformance, type TcpProxy, tcpProxy } from "@sess/core/conformance";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { networked } from "../src/provider.js";
import { serverPrograms, startPostgres } from "./postgres.js";

const programs = await serverPrograms();
const howToEnable = "to run it: apt-get update && apt-get install -y postgresql";

if (programs === undefined) {
  const missing = () => expect(process.env.CI, howToEnable).toBeUndefined();
  if (process.env.CI) test("the guide's networked provider", missing);
  else test.skip(`the guide's networked provider (${howToEnable})`);
} else {
  describe("the guide's networked provider", () => {
    let server: Awaited<ReturnType<typeof startPostgres>>;
    let proxy: TcpProxy;
    beforeAll(async () => {
      server = await startPostgres(programs);
      proxy = await tcpProxy(server);
    }, 120_000);
    afterAll(async () => {
      await proxy.close();
      await server.stop();
    }, 60_000);

    conformance(test, {
      open: ({ namespace, now }) =>
        networked({ url: `postgres://sess@127.0.0.1:${proxy.port}/postgres`, table: namespace }).connect({
          now,
          contract: 1,
        }),
      outage: (mode) => proxy.outage(mode),
    });
  });
}
