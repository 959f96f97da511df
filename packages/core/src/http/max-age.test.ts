import { describe, expect, test } from "vitest";
import { show } from "../../test-support/handlers.js";
import { Stage } from "../../test-support/stage.js";
import type { ManagerConfig } from "../config/options.js";
import type { FetchHandler } from "../manager/manager.js";
import type { SessionData, SessionStore } from "../session/session-store.js";

// Max-Age of the id cookie: the server keeps the end, so the browser must only not forget earlier.

const day = 86_400;
const longest = 400 * day;

async function site(config: ManagerConfig = {}) {
  let time = 1e12;
  const manager = await new Stage().manager({ now: () => time, ...config });
  const visit = (handler: FetchHandler<SessionData>, cookie?: string) =>
    manager.handle(new Request("http://host/", { headers: cookie === undefined ? {} : { cookie } }), handler);
  const wait = (seconds: number) => {
    time += seconds * 1000;
  };
  return { manager, visit, wait };
}

type Change = (session: SessionStore<SessionData>) => unknown;
const signIn =
  (change: Change = () => {}): FetchHandler<SessionData> =>
  async (session) => {
    session.set("user", "ada");
    change(session);
    await session.regenerate();
    return new Response("in");
  };

const lineOf = (response: Response) => response.headers.getSetCookie()[0] ?? "";
const cookieOf = (response: Response) => lineOf(response).split(";")[0];
function maxAgeOf(response: Response): number | undefined {
  const text = /Max-Age=(\d+)/.exec(lineOf(response))?.[1];
  return text === undefined ? undefined : Number(text);
}

describe("Max-Age", () => {
  const lifetime = (seconds: number): Change => {
    return (session) => {
      session.lifetime = seconds;
    };
  };
  const cases: [string, ManagerConfig, Change | undefined, number | undefined][] = [
    ["none: until the browser closes", { maxLifetime: 14 * day }, undefined, undefined],
    ["a cookieLifetime below maxLifetime is literal", { cookieLifetime: day, maxLifetime: 14 * day }, undefined, day],
    ["one that is as long is 400 days", { cookieLifetime: 14 * day, maxLifetime: 14 * day }, undefined, longest],
    ["one that is longer is 400 days", { cookieLifetime: 20 * day, maxLifetime: 14 * day }, undefined, longest],
    ["a lifetime of the session's own is 400 days", { maxLifetime: 1800 }, lifetime(14 * day), longest],
    ["also one below maxLifetime", { maxLifetime: day }, lifetime(3600), longest],
    ["and where cookieLifetime is shorter", { cookieLifetime: 60, maxLifetime: 3600 }, lifetime(7200), longest],
    [
      "what is left until the absolute end",
      { cookieLifetime: 7 * day, maxLifetime: 7 * day, absoluteLifetime: 30 * day },
      undefined,
      30 * day,
    ],
    ["absolute 12 hours, lifetime 30 days: 12 hours", { absoluteLifetime: 43_200 }, lifetime(30 * day), 43_200],
    [
      "a literal one neither promises more than the absolute end",
      { cookieLifetime: day, maxLifetime: 2 * day, absoluteLifetime: 3600 },
      undefined,
      3600,
    ],
  ];

  test.each(cases)("%s", async (_, config, change, expected) => {
    const { visit } = await site(config);
    const response = await visit(signIn(change));
    expect(maxAgeOf(response)).toBe(expected);
  });

  test("of a new id counts what is left", async () => {
    const { visit, wait } = await site({ cookieLifetime: day, maxLifetime: day, absoluteLifetime: 2 * day });
    const first = await visit(signIn());
    wait(day - 1);
    const second = await visit(signIn(), cookieOf(first));
    expect([maxAgeOf(first), maxAgeOf(second)]).toEqual([2 * day, day + 1]);
  });

  test("somebody who is there every day is not signed out, and no answer sets the cookie again", async () => {
    const { visit, wait } = await site({ cookieLifetime: 14 * day, maxLifetime: 14 * day });
    const first = await visit(signIn());
    for (let days = 1; days <= 60; days++) {
      wait(day);
      // What a browser does.
      expect(days * day).toBeLessThan(maxAgeOf(first) ?? 0);
      const answer = await visit(show, cookieOf(first));
      expect([await answer.text(), answer.headers.getSetCookie()]).toEqual(["ada", []]);
    }
    wait(14 * day);
    expect(await (await visit(show, cookieOf(first))).text()).toBe("undefined");
  });
});

describe("an absolute lifetime of the session's own", () => {
  const remember = (idle: number, absolute: number): Change => {
    return (session) => {
      session.lifetime = idle;
      session.absoluteLifetime = absolute;
    };
  };

  test("12 hours, and 30 days for those who asked to be remembered", async () => {
    const { visit, wait } = await site({ maxLifetime: 1800, absoluteLifetime: 43_200 });
    const cookie = cookieOf(await visit(signIn(remember(30 * day, 30 * day))));
    const other = await visit(signIn());
    expect(maxAgeOf(other)).toBe(undefined);
    for (let days = 0; days < 29; days++) {
      wait(day);
      expect(await (await visit(show, cookie)).text()).toBe("ada");
      expect(await (await visit(show, cookieOf(other))).text()).toBe("undefined");
    }
    wait(day);
    expect(await (await visit(show, cookie)).text()).toBe("undefined");
  });

  test("counts from the new id, not from a first visit long ago; and a Max-Age never promises more", async () => {
    const { visit, wait } = await site({ maxLifetime: 20 * day });
    const cart = cookieOf(
      await visit((session) => {
        session.set("cart", 1);
        return new Response();
      }),
    );
    wait(10 * day);
    const signedIn = await visit(signIn(remember(2 * day, 2 * day)), cart);
    expect(maxAgeOf(signedIn)).toBe(2 * day);
    wait(day - 1);
    expect(await (await visit(show, cookieOf(signedIn))).text()).toBe("ada");
    wait(day);
    expect(await (await visit(show, cookieOf(signedIn))).text()).toBe("ada");
    wait(1);
    expect(await (await visit(show, cookieOf(signedIn))).text()).toBe("undefined");
  });

  test("takes effect at creation too, and not on a session that keeps its id", async () => {
    const { visit, wait } = await site({ maxLifetime: 10 * day });
    const put = (change: Change): FetchHandler<SessionData> => {
      return (session) => {
        session.set("user", "ada");
        change(session);
        return new Response();
      };
    };
    const short = cookieOf(await visit(put(remember(10 * day, day))));
    const long = cookieOf(await visit(put(() => {})));
    await visit(put(remember(10 * day, day)), long);
    wait(day);
    expect(await (await visit(show, short)).text()).toBe("undefined");
    expect(await (await visit(show, long)).text()).toBe("ada");
  });

  test.each([0, -1, 1.5, Number.NaN, 4e8, "1" as never])("%s is refused", async (seconds) => {
    const { visit } = await site();
    const response = await visit((session) => {
      const change = () => {
        session.absoluteLifetime = seconds;
      };
      expect(change).toThrow(expect.objectContaining({ code: "SESS_VALUE" }));
      return new Response("refused");
    });
    expect(await response.text()).toBe("refused");
  });
});
