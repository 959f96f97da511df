import { expect, test, vi } from "vitest";
import { memory } from "../memory/memory.js";
import { createManager } from "./create-manager.js";

vi.mock("../config/seed-json.js", () => {
  throw new Error("the seed's grammar was loaded");
});

test("the seed's grammar is loaded for its JSON, and for nothing else", async () => {
  await (await createManager(memory(), { gcLifetime: 60 })).close();
  await expect(createManager("memory", "{}")).rejects.not.toMatchObject({ code: "SESS_CONFIG" });
});
