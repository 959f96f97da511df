import { expect, test } from "vitest";
import type { SqlSubject } from "./sql.js";

/** What `sess doctor` says of a table that somebody has changed, and of a clock that differs. */
export function diagnosisTests({ start, admin: adminOf, connect }: SqlSubject, dropOwnersIndex: string): void {
  test("an index that is missing, a clock that differs, and that TCP without TLS is in the clear", async () => {
    const server = await start();
    const admin = adminOf(server.url);
    const findings = async (now = Date.now) => {
      const provider = await connect(server.url, {}, { now, contract: 1 });
      const found = (await provider.diagnose?.()) ?? [];
      await provider.close();
      return Object.fromEntries(found.map(({ subject, state, text }) => [subject, `${state}: ${text}`]));
    };
    const fine = await findings();
    expect(fine.indexes).toBe("fine: on expires and on owner");
    expect(fine.clock).toMatch(/^fine: this process is \d+ ms/);
    expect(fine.server).toMatch(/^fine: version \d+/);
    expect(fine.TLS).toBe("warning: the connection is not encrypted; on one host it need not be");
    await admin.query(dropOwnersIndex);
    const wrong = await findings(() => Date.now() + 20_000);
    expect(wrong.indexes).toMatch(/^problem: .*sessions.* has no (valid )?index that begins with owner: see ddl\(\)$/);
    expect(wrong.clock).toMatch(/^problem: this process is (19|20)\d{3} ms ahead of the server$/);
    await admin.end();
    await server.stop();
  }, 60_000);
}
