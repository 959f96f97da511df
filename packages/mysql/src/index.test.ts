import { providers } from "@sess/core";
import { expect, test } from "vitest";

test("the pure entry registers nothing, the main entry registers mysql", async () => {
  await import("./provider.js");
  expect(providers()).not.toContain("mysql");
  const { mysql } = await import("./index.js");
  expect(providers()).toContain("mysql");
  expect(mysql("ada:pw@tcp(127.0.0.1:3306)/app")).toMatchObject({ kind: "store", name: "mysql" });
});
