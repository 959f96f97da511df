import { expect, test, vi } from "vitest";

vi.mock("ioredis", () => {
  throw Object.assign(new Error("Cannot find package 'ioredis'"), { code: "ERR_MODULE_NOT_FOUND" });
});

test("without ioredis a connection of our own is an error that says what to do, and a caller's client needs none", async () => {
  const { redis } = await import("./provider.js");
  const context = { now: Date.now, contract: 1 } as const;
  await expect(redis("redis://127.0.0.1:1").connect(context)).rejects.toMatchObject({
    code: "SESS_CONFIG",
    message: expect.stringContaining("npm install ioredis"),
  });
  const client = { send: async (command: string) => (command === "PING" ? "PONG" : null) };
  const store = await redis({ client }).connect(context);
  expect(await store.read("0".repeat(64))).toBeUndefined();
  await store.close();
});
