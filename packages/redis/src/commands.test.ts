import { createManager } from "@sess/core";
import { expect, test, vi } from "vitest";
import { redis } from "./provider.js";

test("commands arm no timer each, neither here nor in core", async () => {
  const client = { send: async (command: string) => (command === "PING" ? "PONG" : null) };
  const sessions = await createManager(redis({ client }));
  const armed = vi.spyOn(globalThis, "setTimeout");
  for (let reads = 0; reads < 100; reads++) expect(await sessions.exists("x".repeat(43))).toBe(false);
  // The timer that all of them share, and that of another instant should the hundred take long.
  expect(armed.mock.calls.length).toBeLessThan(10);
  armed.mockRestore();
  await sessions.close();
});
