import { inspect } from "node:util";
import { expect, test } from "vitest";
import { connectFailure, keepsConnection, redacted, statementFailure, unavailable, writeFailure } from "./failure.js";

const secret = "5e".repeat(32);

test("a cause holds no statement, no value and no quoted text", () => {
  const error = Object.assign(new Error(`Duplicate entry '\\xAB hunter2' for key "x hunter2" ${secret}`), {
    sql: `INSERT ${secret}`,
    sqlMessage: secret,
    errno: 1062,
    code: "ER_DUP_ENTRY",
    sqlState: "23000",
    parameters: [secret],
  });
  const shown = inspect(unavailable("mysql: failed", error), { depth: 9, showHidden: true });
  expect(shown).not.toContain(secret);
  expect(shown).not.toContain("hunter2");
  expect(redacted(error)).toMatchObject({ errno: 1062, code: "ER_DUP_ENTRY", sqlState: "23000" });
});

test.each([
  [1153, "SESS_TOO_LARGE"],
  [1118, "SESS_TOO_LARGE"],
  [1406, "SESS_TOO_LARGE"],
  [1290, "SESS_UNAVAILABLE"],
  [1792, "SESS_UNAVAILABLE"],
  [1836, "SESS_UNAVAILABLE"],
  [1021, "SESS_UNAVAILABLE"],
  [1114, "SESS_UNAVAILABLE"],
])("a write that ends with %d is %s", (errno, code) => {
  expect(writeFailure(Object.assign(new Error("x"), { errno }))).toMatchObject({ code });
});

test("a server that became read-only is named as such", () => {
  expect(statementFailure(Object.assign(new Error("x"), { errno: 1290 })).message).toContain("read-only");
});

test.each([1044, 1045, 1049, 1142, 1698])("connecting that ends with %d is not fixed by a retry", (errno) => {
  const error = unavailable("x", Object.assign(new Error("x"), { errno }));
  expect(connectFailure(error)).toMatchObject({ code: "SESS_CONFIG", cause: { errno } });
});

test("connecting that ends otherwise is what it was", () => {
  const error = unavailable("x", Object.assign(new Error("x"), { errno: 1040 }));
  expect(connectFailure(error)).toBe(error);
});

test("what is no error has a message all the same", () => {
  expect(redacted("gone").message).toBe("gone");
  expect(redacted(Object.assign(new Error(""), { code: "ECONNREFUSED", errno: -111 }))).toMatchObject({
    message: "ECONNREFUSED",
    code: "ECONNREFUSED",
  });
});

test("a connection on which a packet was too large is not kept: the server closes it after it has said so", () => {
  expect(keepsConnection(Object.assign(new Error("x"), { errno: 1153, sqlState: "08S01" }))).toBe(false);
  expect(keepsConnection(Object.assign(new Error("x"), { errno: 1406, sqlState: "22001" }))).toBe(true);
});
