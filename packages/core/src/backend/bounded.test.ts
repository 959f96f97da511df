import { AsyncLocalStorage } from "node:async_hooks";
import { spawnSync } from "node:child_process";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Alarm, BoundedCalls, NoAnswer } from "./bounded.js";

describe("alarms", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("each rings when it is due, once, in order, whatever order they are set in; those cleared do not", () => {
    const calls = new BoundedCalls();
    const start = performance.now();
    const rung: [string, number][] = [];
    const set = (name: string, after: number) =>
      calls.set(performance.now() + after, () => rung.push([name, performance.now() - start]));
    const first = set("first", 1000);
    set("soon", 400);
    const never = set("never", 1100);
    vi.advanceTimersByTime(300);
    set("second", 1000);
    set("as soon", 100);
    set("sooner", 50);
    expect(calls.clear(never)).toBe(true);
    expect(calls.clear(never)).toBe(false);
    vi.advanceTimersByTime(10_000);
    expect(rung).toEqual([
      ["sooner", 350],
      ["soon", 400],
      ["as soon", 400],
      ["first", 1000],
      ["second", 1300],
    ]);
    expect(calls.clear(first)).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("one that is set in the place of the last that was cleared has the whole of its time", () => {
    const calls = new BoundedCalls();
    calls.clear(calls.set(performance.now() + 1000, () => expect.unreachable()));
    vi.advanceTimersByTime(900);
    let rung = false;
    calls.set(performance.now() + 1000, () => {
      rung = true;
    });
    vi.advanceTimersByTime(999);
    expect(rung).toBe(false);
    vi.advanceTimersByTime(1);
    expect(rung).toBe(true);
  });

  test("one that is set as another rings, rings as well, by the one timer there is", () => {
    const calls = new BoundedCalls();
    let rung = 0;
    const ring = () => {
      rung += 1;
      calls.set(performance.now() + 1000, ring);
    };
    ring();
    for (let n = 1; n <= 5; n++) {
      expect([rung, vi.getTimerCount()]).toEqual([n, 1]);
      vi.advanceTimersByTime(1000);
    }
  });

  test("any order of setting and clearing", { timeout: 60_000 }, () => {
    let state = 7;
    const below = (n: number) => {
      state = (state * 48_271) % 2_147_483_647;
      return state % n;
    };
    const calls = new BoundedCalls();
    const open = new Map<Alarm, number>();
    for (let step = 0; step < 5000; step++) {
      const due = performance.now() + below(300);
      const alarm: Alarm = calls.set(due, () => {
        expect(open.delete(alarm)).toBe(true);
        expect(performance.now() - due).toBeLessThan(2);
      });
      open.set(alarm, due);
      const [other] = [...open.keys()].slice(below(open.size));
      if (other !== undefined && below(2) === 0) expect(calls.clear(other) && open.delete(other)).toBe(true);
      if (below(3) === 0) vi.advanceTimersByTime(below(40));
      for (const each of open.values()) expect(each).toBeGreaterThan(performance.now() - 2);
      expect(vi.getTimerCount()).toBeLessThanOrEqual(1);
    }
    vi.advanceTimersByTime(1000);
    expect([open.size, vi.getTimerCount()]).toEqual([0, 0]);
  });

  test("timers that are numbers do", () => {
    vi.stubGlobal("setTimeout", () => 7);
    const calls = new BoundedCalls();
    calls.clear(calls.set(1000, () => {}));
    calls.set(1000, () => {});
    vi.unstubAllGlobals();
  });

  test("a call is rejected at its deadline; its later outcome goes to the given callback", async () => {
    const calls = new BoundedCalls();
    let answer: (value: string) => void = () => {};
    const late: string[] = [];
    const call = calls.run(
      () => new Promise<string>((resolve) => (answer = resolve)),
      performance.now() + 1000,
      (value) => late.push(value),
    );
    const rejected = expect(call).rejects.toThrow(NoAnswer);
    await vi.advanceTimersByTimeAsync(999);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    await rejected;
    answer("too late");
    await vi.advanceTimersByTimeAsync(0);
    expect(late).toEqual(["too late"]);
  });

  test("one whose deadline has passed already is rejected all the same, and after it was begun", async () => {
    const calls = new BoundedCalls();
    let begun = false;
    const call = calls.run(() => {
      begun = true;
      return new Promise(() => {});
    }, performance.now() - 5);
    expect(begun).toBe(true);
    const rejected = expect(call).rejects.toThrow(NoAnswer);
    await vi.advanceTimersByTimeAsync(1);
    await rejected;
  });

  test("a failure rejects the call, thrown or rejected; a late one is ignored", async () => {
    const calls = new BoundedCalls();
    const until = performance.now() + 1000;
    await expect(calls.run(() => Promise.reject(new Error("down")), until)).rejects.toThrow("down");
    const throwing = () => {
      throw new Error("at once");
    };
    await expect(calls.run(throwing, until)).rejects.toThrow("at once");
    expect(await calls.run(() => 5, until)).toBe(5);
    let fail: (error: Error) => void = () => {};
    const call = calls.run(() => new Promise((_, reject) => (fail = reject)), until);
    const rejected = expect(call).rejects.toThrow(NoAnswer);
    await vi.advanceTimersByTimeAsync(1000);
    await rejected;
    fail(new Error("late"));
    await vi.advanceTimersByTimeAsync(0);
  });
});

test("a process with nothing under way ends; one with a call under way waits for it", { timeout: 60_000 }, () => {
  const run = (limit: number, then: string) => {
    const code = `import { BoundedCalls } from ${JSON.stringify(new URL("./bounded.ts", import.meta.url).href)};
      const calls = new BoundedCalls();
      const due = performance.now() + ${limit};
      calls.clear(calls.set(due, () => {}));
      ${then}`;
    const args = ["--import", "tsx", "--input-type=module", "-e", code];
    const { stdout, status } = spawnSync(process.execPath, args, { timeout: 60_000 });
    return `${stdout}${status}`;
  };
  expect(run(3_600_000, "")).toBe("0");
  expect(run(500, 'calls.set(due, () => console.log("late"));')).toBe("late\n0");
});

test("who waits keeps no other request's AsyncLocalStorage: an alarm rings outside of all", async () => {
  const requests = new AsyncLocalStorage<string>();
  const calls = new BoundedCalls();
  const heard = await requests.run("first", () => {
    return new Promise<unknown>((resolve) => calls.set(performance.now() + 5, () => resolve(requests.getStore())));
  });
  expect(heard).toBe(undefined);
});
