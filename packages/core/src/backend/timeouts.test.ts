import { spawnSync } from "node:child_process";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Timeouts } from "./timeouts.js";

describe("timeouts of one length", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("each rings after its own limit, once, in order; those cleared do not", () => {
    const timeouts = new Timeouts(1000);
    const rung: string[] = [];
    const ring = (name: string) => () => rung.push(`${name} ${performance.now()}`);
    const start = performance.now();
    const first = timeouts.set(ring("first"));
    vi.advanceTimersByTime(300);
    timeouts.set(ring("second"));
    const third = timeouts.set(ring("third"));
    vi.advanceTimersByTime(300);
    timeouts.set(ring("fourth"));
    timeouts.clear(third);
    vi.advanceTimersByTime(10_000);
    expect(rung).toEqual([`first ${start + 1000}`, `second ${start + 1300}`, `fourth ${start + 1600}`]);
    timeouts.clear(first);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("one set in the place of the last that was cleared has the whole of its limit", () => {
    const timeouts = new Timeouts(1000);
    timeouts.clear(timeouts.set(() => expect.unreachable()));
    vi.advanceTimersByTime(900);
    let rung = false;
    timeouts.set(() => {
      rung = true;
    });
    vi.advanceTimersByTime(999);
    expect(rung).toBe(false);
    vi.advanceTimersByTime(1);
    expect(rung).toBe(true);
  });

  test("one that is set as another rings, rings as well, by the one timer there is", () => {
    const timeouts = new Timeouts(1000);
    let rung = 0;
    const ring = () => {
      rung += 1;
      timeouts.set(ring);
    };
    timeouts.set(ring);
    for (let n = 1; n <= 5; n++) {
      vi.advanceTimersByTime(1000);
      expect([rung, vi.getTimerCount()]).toEqual([n, 1]);
    }
  });

  test("timers that are numbers do", () => {
    vi.stubGlobal("setTimeout", () => 7);
    const timeouts = new Timeouts(1000);
    timeouts.clear(timeouts.set(() => {}));
    timeouts.set(() => {});
    vi.unstubAllGlobals();
  });
});

test("a process with nothing under way ends; one with a call under way waits for it", () => {
  const run = (limit: number, then: string) => {
    const code = `import { Timeouts } from ${JSON.stringify(new URL("./timeouts.ts", import.meta.url).href)};
      const timeouts = new Timeouts(${limit});
      timeouts.clear(timeouts.set(() => {}));
      ${then}`;
    const args = ["--import", "tsx", "--input-type=module", "-e", code];
    const { stdout, status } = spawnSync(process.execPath, args, { timeout: 20_000 });
    return `${stdout}${status}`;
  };
  expect(run(3_600_000, "")).toBe("0");
  expect(run(500, 'timeouts.set(() => console.log("late"));')).toBe("late\n0");
});
