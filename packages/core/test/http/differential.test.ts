import { expect, test } from "vitest";
import { differences } from "../../test-support/http/differential.js";

test("random calls on a response with a session are what they are on one without", { timeout: 60_000 }, async () => {
  const found = await differences(1, 400);
  expect(found.map((each) => JSON.stringify(each, null, 1))).toEqual([]);
});
