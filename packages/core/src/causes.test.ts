import { afterEach, describe, expect, test, vi } from "vitest";
import { report } from "./diagnostics.js";
import { SessionError } from "./errors.js";

// The process warning of an error that nobody else hears of.

afterEach(() => void vi.restoreAllMocks());

function warned(error: unknown) {
  const emit = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  report(error);
  expect(emit).toHaveBeenCalledOnce();
  return emit.mock.calls[0]?.[0] as unknown as Error & { code?: string; detail?: string };
}

describe("the warning", () => {
  test("names the causes, down to the first", () => {
    const refused = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:6379"), { code: "ECONNREFUSED" });
    const gaveUp = new Error("max retries", { cause: refused });
    const error = new SessionError("SESS_UNAVAILABLE", "the session store failed to read", { cause: gaveUp });
    const warning = warned(error);
    expect([warning.name, warning.message, warning.code]).toEqual([error.name, error.message, error.code]);
    expect(warning.stack).toBe(error.stack);
    expect(warning.detail).toBe("caused by Error: max retries\ncaused by Error: connect ECONNREFUSED 127.0.0.1:6379");
  });

  test("is the error itself where there is no cause", () => {
    const error = new TypeError("oops");
    expect(warned(error)).toBe(error);
    vi.restoreAllMocks();
    expect(warned("thrown text")).toBe("thrown text");
  });

  test("of several addresses that all refused, says each", () => {
    const each = ["::1:6379", "127.0.0.1:6379"].map((address) => new Error(`connect ECONNREFUSED ${address}`));
    const all = Object.assign(new AggregateError(each, ""), { code: "ECONNREFUSED" });
    const { detail } = warned(new Error("failed", { cause: all }));
    expect(detail).toContain("caused by AggregateError: ECONNREFUSED");
    expect(detail).toContain("caused by Error: connect ECONNREFUSED 127.0.0.1:6379");
  });

  test("a cause that is no error, a ring of causes, one that is long or has several lines", () => {
    const ring = new Error("ring");
    ring.cause = ring;
    expect(warned(ring).detail?.split("\n").length).toBeLessThan(10);
    vi.restoreAllMocks();
    expect(warned(new Error("x", { cause: "a text" })).detail).toBe("caused by a text");
    vi.restoreAllMocks();
    const long = new Error(`first\nsecond ${"x".repeat(5000)}`);
    const { detail } = warned(new Error("x", { cause: long }));
    expect([detail?.includes("\n"), (detail?.length ?? 0) < 600]).toEqual([false, true]);
    vi.restoreAllMocks();
    const hostile = {
      get message() {
        throw new Error("no");
      },
    };
    expect(warned(new Error("x", { cause: hostile })).detail).toBe("caused by an object");
  });
});
