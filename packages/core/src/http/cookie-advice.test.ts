import { afterEach, describe, expect, test, vi } from "vitest";
import { eventsOf } from "../../test-support/events.js";
import { Stage } from "../../test-support/stage.js";
import type { ManagerConfig } from "../config/options.js";
import type { ResponseEvent } from "../diagnostics.js";

// What a warning says must be what is wrong: of proxies that were declared, and of a Host that is not the browser's.

const events = eventsOf<ResponseEvent>("sess:response");
afterEach(() => {
  vi.restoreAllMocks();
});

/** The warnings of one sign-in, whether the cookie is Secure, and the outcome. */
async function signIn(config: ManagerConfig, headers: Record<string, string>, url = "http://shop.test/") {
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  const manager = await new Stage().manager(config);
  const response = await manager.handle(
    new Request(url, { headers }),
    (session) => {
      session.set("user", "ada");
      return new Response("in");
    },
    { peer: "10.0.0.1" },
  );
  const secure = response.headers.getSetCookie()[0]?.includes("; Secure") ?? false;
  const warnings = warn.mock.calls.map(([text]) => String(text));
  warn.mockRestore();
  return { secure, outcome: events.at(-1)?.cookie, warnings };
}

const proto = (value: string) => ({ "x-forwarded-proto": value });

describe("TLS ends further out than trustProxy looks", () => {
  test("a number: the message names the entry that counts, and does not say that trustProxy is missing", async () => {
    const { secure, warnings } = await signIn({ trustProxy: 1 }, proto("https, http"));
    expect(secure).toBe(false);
    expect(warnings).toEqual([expect.stringMatching(/trustProxy is 1.*without Secure.*number of proxies/s)]);
    expect(warnings[0]).not.toMatch(/nobody was declared/);
  });

  test("a number that is right, or larger than the chain: no warning", async () => {
    expect(await signIn({ trustProxy: 2 }, proto("https, http"))).toMatchObject({ secure: true, warnings: [] });
    expect(await signIn({ trustProxy: 3 }, proto("https"))).toMatchObject({ secure: true, warnings: [] });
  });

  test("a function that does not believe the peer", async () => {
    const { warnings } = await signIn({ trustProxy: () => false }, proto("https"));
    expect(warnings).toEqual([expect.stringMatching(/trustProxy did not accept.*without Secure/s)]);
  });

  test("a function that does, where the last proxy says http", async () => {
    const { warnings } = await signIn({ trustProxy: () => true }, proto("https, http"));
    expect(warnings).toEqual([expect.stringMatching(/last entry.*without Secure.*number of proxies/s)]);
  });

  test("nobody was declared, by false and by 0", async () => {
    for (const trustProxy of [false, 0] as const) {
      const { warnings } = await signIn({ trustProxy }, proto("https"));
      expect(warnings).toEqual([expect.stringMatching(/nobody was declared.*without Secure/s)]);
    }
  });
});

describe("a Host that the proxy made up, as nginx does unless told otherwise", () => {
  const local = "http://127.0.0.1:3000/";

  test("with X-Forwarded-Proto: the warning that any host gets", async () => {
    const { secure, warnings } = await signIn({}, proto("https"), local);
    expect(secure).toBe(false);
    expect(warnings).toEqual([expect.stringMatching(/nobody was declared.*without Secure/s)]);
  });

  test("with trustProxy one too small", async () => {
    const { warnings } = await signIn({ trustProxy: 1 }, proto("https, http"), local);
    expect(warnings).toEqual([expect.stringMatching(/trustProxy is 1/)]);
  });

  test("a Secure cookie behind a proxy that says https gets where it should", async () => {
    expect(await signIn({ secure: true }, proto("https"), local)).toMatchObject({ outcome: "set", warnings: [] });
  });

  test("a real local browser is left alone", async () => {
    expect(await signIn({ secure: true }, {}, local)).toMatchObject({ outcome: "set", warnings: [] });
    expect(await signIn({}, {}, local)).toMatchObject({ outcome: "set", warnings: [] });
    expect(await signIn({}, proto("http"), local)).toMatchObject({ outcome: "set", warnings: [] });
  });
});
