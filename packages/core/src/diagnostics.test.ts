import { runInNewContext } from "node:vm";
import { describe, expect, test, vi } from "vitest";
import { report } from "./diagnostics.js";
import { isSessionError, SessionError } from "./errors.js";

/** What the process warns of as `body` runs. */
async function warning(body: () => void): Promise<Error> {
  const warned = new Promise<Error>((resolve) => process.once("warning", resolve));
  body();
  return warned;
}

describe("report warns of whatever was thrown, and never throws itself", () => {
  test.each<[string, unknown, RegExp]>([
    ["an error", new Error("lost"), /lost/],
    // Node refuses to warn of an error of another realm; under a test runner the application's realm is another.
    ["an error of another realm", runInNewContext("new TypeError('foreign')"), /TypeError: foreign/],
    ["a text", "out of luck", /out of luck/],
    ["nothing", undefined, /undefined/],
    ["a symbol", Symbol("x"), /Symbol\(x\)/],
    ["what has no text", Object.create(null), /without a text/],
    ["what throws as it is read", { toString: () => Promise.reject.call(null) }, /without a text/],
    ["a Proxy that throws", new Proxy({}, { get: () => Promise.reject.call(null) }), /without a text/],
  ])("%s", async (_, thrown, message) => {
    expect((await warning(() => report(thrown))).message).toMatch(message);
  });

  test("an error of ours where the process is of another realm, as under Jest", async () => {
    const emit = vi.spyOn(process, "emitWarning").mockImplementationOnce(() => {
      throw new TypeError("The argument must be an instance of Error");
    });
    const warned = await warning(() => report(new SessionError("SESS_UNAVAILABLE", "the store is down")));
    emit.mockRestore();
    expect(warned.message).toMatch(/SessionError: the store is down\n +at /);
  });
});

test("a SessionError of another realm is one", () => {
  const foreign = Object.assign(runInNewContext("new Error('x')"), { code: "SESS_GONE", status: 409 });
  expect(isSessionError(foreign)).toBe(true);
  expect(isSessionError(new SessionError("SESS_GONE", "x"))).toBe(true);
  expect(isSessionError({ code: "SESS_GONE", status: 409 })).toBe(false);
  expect(isSessionError(Object.assign(new Error("x"), { code: "SESS_GONE" }))).toBe(false);
});
