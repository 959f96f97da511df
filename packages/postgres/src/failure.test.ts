import { inspect } from "node:util";
import { NoAnswer } from "@sess/core";
import { expect, test } from "vitest";
import { connectFailure, isLost, ranNot, redacted, statementFailure, wasAnswered } from "./failure.js";

const secret = "5e".repeat(32);
const server = (code: string, message = "x") => Object.assign(new Error(message), { code, severity: "ERROR" });

test("a cause holds no statement, no value and no quoted text", () => {
  const error = Object.assign(server("23505", `duplicate key "hunter2" ${secret}`), {
    detail: `Key (key)=(${secret}) already exists.`,
    where: secret,
    internalQuery: `INSERT ${secret}`,
  });
  const shown = inspect(statementFailure(error), { depth: 9, showHidden: true });
  expect(shown).not.toMatch(new RegExp(`${secret}|hunter2|INSERT`));
  expect(redacted(error)).toMatchObject({ code: "23505" });
});

test.each([
  ["54000", "SESS_TOO_LARGE"],
  ["25006", "SESS_UNAVAILABLE"],
  ["53100", "SESS_UNAVAILABLE"],
  ["55P03", "SESS_UNAVAILABLE"],
])("a statement that ends with %s is %s", (code, ours) => {
  expect(statementFailure(server(code))).toMatchObject({ code: ours, cause: { code } });
});

test.each(["28P01", "28000", "3D000", "42501"])("connecting that ends with %s is not fixed by a retry", (code) => {
  expect(connectFailure(statementFailure(server(code)))).toMatchObject({ code: "SESS_CONFIG", cause: { code } });
});

test("connecting that ends otherwise is what it was", () => {
  const error = statementFailure(server("53300"));
  expect(connectFailure(error)).toBe(error);
});

test("an answer is told from a loss, and a loss from what was never sent or not answered in time", () => {
  expect([server("40001"), server("40P01")].every(ranNot)).toBe(true);
  expect(wasAnswered(server("55P03"))).toBe(true);
  // Node's own code of five letters is none of the server's.
  const broken = Object.assign(new Error("write EPIPE"), { code: "EPIPE", syscall: "write" });
  expect([wasAnswered(broken), isLost(broken)]).toEqual([false, true]);
  expect(isLost(server("57P01"))).toBe(true);
  expect(isLost(server("57P03"))).toBe(false);
  expect(isLost(Object.assign(new Error("x"), { code: "ECONNREFUSED", syscall: "connect" }))).toBe(false);
  expect(isLost(new NoAnswer())).toBe(false);
});
