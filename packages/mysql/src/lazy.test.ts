import { expect, test, vi } from "vitest";
import { mysql } from "./provider.js";

vi.mock("./config-text.js", () => {
  throw new Error("the DSN's grammar was loaded");
});

const context = { now: Date.now, contract: 1 } as const;

test("the DSN's grammar is loaded for a string, and for nothing else", async () => {
  await expect(mysql({ port: 1, timeout: 500 }).connect(context)).rejects.toMatchObject({ code: "SESS_UNAVAILABLE" });
  for (const config of ["tcp(127.0.0.1:1)/", { dsn: "tcp(127.0.0.1:1)/" }]) {
    await expect(mysql(config).connect(context)).rejects.not.toMatchObject({ code: "SESS_UNAVAILABLE" });
  }
});
