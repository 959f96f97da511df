import { randomBytes } from "node:crypto";
import { expect, test, vi } from "vitest";
import { cookie } from "./provider.js";

vi.mock("./seed-json.js", () => {
  throw new Error("the seed's grammar was loaded");
});

const context = { now: Date.now, contract: 1, cookieName: "sessionid", namespace: "sessionid" } as const;

test("the seed's grammar is loaded for its JSON, and for nothing else", async () => {
  await (await cookie({ keys: [randomBytes(32).toString("base64url")] }).connect(context)).close();
  await expect(cookie('{"keys":[]}').connect(context)).rejects.not.toMatchObject({ code: "SESS_CONFIG" });
});
