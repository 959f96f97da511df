import { providers } from "@sess/core";
import { expect, test } from "vitest";
import { file } from "./index.js";

test("importing the package registers it", () => {
  expect(providers()).toContain("file");
  expect(file).toBeTypeOf("function");
});
