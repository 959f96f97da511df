import { providers } from "@sess/core";
import { expect, test } from "vitest";

test("the pure entry registers nothing, the main entry registers cookie", async () => {
  await import("./provider.js");
  expect(providers()).not.toContain("cookie");
  const { cookie } = await import("./index.js");
  expect(providers()).toContain("cookie");
  expect(cookie('{"securityKey":"beegocookiehashkey"}')).toMatchObject({ kind: "token", name: "cookie" });
});
