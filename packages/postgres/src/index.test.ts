import { providers } from "@sess/core";
import { expect, test } from "vitest";

test("the pure entry registers nothing, the main entry registers postgres", async () => {
  await import("./provider.js");
  expect(providers()).not.toContain("postgres");
  const { postgres } = await import("./index.js");
  expect(providers()).toContain("postgres");
  expect(postgres("postgres://ada:pw@127.0.0.1/app")).toMatchObject({ kind: "store", name: "postgres" });
});
