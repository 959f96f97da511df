import { expect, test, vi } from "vitest";
import { redis } from "./provider.js";

vi.mock("./config-string.js", () => {
  throw new Error("beego's grammar was loaded");
});

const context = { now: Date.now, contract: 1 } as const;

test("beego's grammar is loaded for its string, and for nothing else", async () => {
  const client = { send: async () => null };
  await (await redis({ client }).connect(context)).close();
  for (const url of ["redis://127.0.0.1:1", "rediss://127.0.0.1:1"]) {
    await expect(redis(url).connect(context)).rejects.toMatchObject({ code: "SESS_UNAVAILABLE" });
  }
  await expect(redis("127.0.0.1:1,100").connect(context)).rejects.not.toMatchObject({ code: "SESS_UNAVAILABLE" });
});
