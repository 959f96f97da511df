import assert from "node:assert/strict";
import { inTheCookie, type Trial } from "./trials.js";
import { said, Visitor } from "./visitor.js";

/** The fields of a form of a server action, as a browser without scripts sends them. */
function actionIn(body: string, id: string, fields: Readonly<Record<string, string>>): FormData {
  const form = new RegExp(`<form[^>]*id="${id}"[^>]*>(.*?)</form>`, "s").exec(body)?.[1] ?? "";
  const data = new FormData();
  for (const [input] of form.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
    const unescaped = (name: string) =>
      (new RegExp(` ${name}="([^"]*)"`).exec(input)?.[1] ?? "").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
    data.append(unescaped("name"), unescaped("value"));
  }
  for (const [name, value] of Object.entries(fields)) data.append(name, value);
  return data;
}

export const nextTrials: readonly Trial[] = [
  {
    name: "server action",
    async run({ application, server }) {
      const visitor = new Visitor(server.url);
      const page = await visitor.ask("/");
      await application.store({ delay: 300 });
      const answer = await visitor.post("/", { body: actionIn(page.body, "in", { user: "ada" }) });
      assert.equal(answer.status, 303);
      assert.ok(answer.took >= 300, `the redirect left after ${answer.took} ms`);
      const signedIn = await visitor.follow(answer);
      assert.equal(said(signedIn.body), "hello ada, 0 visits");
      const out = await visitor.post("/", { body: actionIn(signedIn.body, "out", {}) });
      assert.equal(said(out.body), "hello nobody, 0 visits", "the page of the same request");
      assert.equal(visitor.cookie, "");
    },
  },
  {
    name: "sign out everywhere",
    async run({ server }) {
      const [phone, laptop] = [new Visitor(server.url), new Visitor(server.url)];
      for (const [visitor, device] of [
        [phone, "phone"],
        [laptop, "laptop"],
      ] as const) {
        const page = await visitor.ask("/devices");
        const headers = { "user-agent": device };
        await visitor.post("/devices", { headers, body: actionIn(page.body, "in", { user: "grace" }) });
      }
      const listed = await phone.ask("/devices");
      assert.match(listed.body, /phone, this one/);
      assert.match(listed.body, /<li>laptop</);
      const answer = await phone.post("/devices", { body: actionIn(listed.body, "elsewhere", {}) });
      assert.match((await phone.follow(answer)).body, /role="status">1 signed out</);
      const again = await phone.ask("/devices");
      assert.doesNotMatch(again.body, /1 signed out|laptop/);
      assert.match((await laptop.ask("/devices")).body, />sign in</);
      const out = await phone.post("/devices", { body: actionIn(again.body, "everywhere", {}) });
      assert.equal(out.status, 303);
      assert.equal(phone.cookie, "");
    },
  },
  {
    name: "failed action",
    async run({ application, server }) {
      const visitor = new Visitor(server.url);
      const page = await visitor.ask("/");
      await application.store({ fails: true });
      const answer = await visitor.post("/", { body: actionIn(page.body, "in", { user: "ada" }) });
      assert.equal(answer.status, 500);
      assert.equal(visitor.cookie, "");
    },
  },
  {
    name: "proxy",
    async run({ server }) {
      const visitor = new Visitor(server.url);
      assert.equal(said((await visitor.ask("/?visit")).body), "hello nobody, 1 visits");
      const answer = await visitor.ask("/?visit");
      assert.equal(said(answer.body), "hello nobody, 2 visits");
      assert.deepEqual(answer.headers.getSetCookie(), []);
      for (const [name] of answer.headers) assert.doesNotMatch(name, /^x-middleware-(?:override|request)/);
    },
  },
  {
    name: "not cached",
    async run({ server }) {
      const visitor = new Visitor(server.url);
      const forAll = await visitor.ask("/about");
      assert.match(forAll.headers.get("cache-control") ?? "", /s-maxage/, "what this looks for is there");
      const page = await visitor.ask("/");
      assert.match(page.headers.get("cache-control") ?? "", /no-store/);
      assert.equal((await visitor.ask("/members")).status, 303);
      await visitor.post("/sign-in?user=ada");
      const guarded = await visitor.ask("/members");
      assert.match(guarded.body, /for members/);
      assert.equal(guarded.headers.get("cache-control"), "private, no-store");
    },
  },
  {
    name: "Secure",
    async run({ server }) {
      const secure = async (proto: string) => {
        const headers = { "x-forwarded-proto": proto };
        const [line = ""] = (await new Visitor(server.url).post("/visit", { headers })).headers.getSetCookie();
        const proxied = (await new Visitor(server.url).ask("/?visit", { headers })).headers.getSetCookie()[0] ?? "";
        return [/; Secure/i.test(line), /; Secure/i.test(proxied)];
      };
      assert.deepEqual(await secure("https"), [true, true]);
      assert.deepEqual(await secure("http"), [false, false]);
    },
  },
  inTheCookie(async (visitor) => {
    const page = await visitor.ask("/");
    const answer = await visitor.post("/", { body: actionIn(page.body, "in", { user: "ada" }) });
    assert.equal(said((await visitor.follow(answer)).body), "hello ada, 0 visits");
    await visitor.post("/visit");
    assert.equal(said((await visitor.ask("/?visit")).body), "hello ada, 2 visits");
    const before = visitor.cookie;
    await new Promise((resolve) => setTimeout(resolve, 11_000)); // A tenth of the lifetime.
    assert.equal(said((await visitor.ask("/")).body), "hello ada, 2 visits");
    assert.notEqual(visitor.cookie, before, "the proxy prolongs");
  }),
];
