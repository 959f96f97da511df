import { inspect } from "node:util";
import { expect, test } from "vitest";
import { unavailable } from "./failure.js";

const secret = "5f".repeat(32);

test("nothing that was sent is in the error, its cause or what inspect prints", () => {
  const reply = Object.assign(
    new Error(`ERR unknown command 'GET', with args beginning with: 'sess:${secret}' 'hunter2'`),
    {
      name: "ReplyError",
      command: { name: "get", args: [secret, "hunter2"] },
    },
  );
  const error = unavailable("redis: a command failed", reply);
  expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/5f5f5f|hunter2/);
  expect(error.cause).toMatchObject({ name: "ReplyError", message: "ERR unknown command 'GET'" });
});

test("an error without a message is known by its code", () => {
  const refused = Object.assign(new AggregateError([], ""), { code: "ECONNREFUSED", syscall: "connect" });
  expect(unavailable("redis: down", refused).cause).toMatchObject({ message: "ECONNREFUSED", code: "ECONNREFUSED" });
});
