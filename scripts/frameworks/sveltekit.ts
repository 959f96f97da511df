import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { assertForEverybody, inTheCookie, secureByProtocol, storeDown, type Trial } from "./trials.js";
import { said, Visitor } from "./visitor.js";

const signIn = (user: string) => ({ body: new URLSearchParams({ user }), headers: { accept: "text/html" } });

export const sveltekitTrials: readonly Trial[] = [
  storeDown(503),
  {
    name: "form action",
    async run({ application, server }) {
      const visitor = new Visitor(server.url);
      await application.store({ delay: 300 });
      const answer = await visitor.post("/?/in", signIn("ada"));
      assert.equal(answer.status, 303);
      assert.ok(answer.took >= 300, `the redirect left after ${answer.took} ms`);
      assert.equal(said((await visitor.follow(answer)).body), "hello ada, 0 visits");
      assert.equal((await visitor.post("/?/out", signIn(""))).status, 303);
      assert.equal(visitor.cookie, "");
    },
  },
  {
    name: "enhanced form",
    async run({ server }) {
      const visitor = new Visitor(server.url);
      const headers = { accept: "application/json", "x-sveltekit-action": "true" };
      const answer = await visitor.post("/?/in", { ...signIn("ada"), headers });
      assert.deepEqual(JSON.parse(answer.body), { type: "redirect", status: 303, location: "/" });
      assert.equal(said((await visitor.ask("/")).body), "hello ada, 0 visits");
    },
  },
  {
    name: "failed action",
    async run({ application, server }) {
      const visitor = new Visitor(server.url);
      await application.store({ fails: true });
      const answer = await visitor.post("/?/in", signIn("ada"));
      assert.equal(answer.status, 503);
      assert.equal(visitor.cookie, "");
    },
  },
  {
    name: "error() in load",
    async run({ server }) {
      const visitor = new Visitor(server.url);
      await visitor.post("/?/in", signIn("eve"));
      assert.notEqual(visitor.cookie, "");
      assert.equal((await visitor.ask("/members")).status, 403);
      assert.equal(visitor.cookie, "", "signed out");
    },
  },
  {
    name: "redirect() in a later hook",
    async run({ application, server }) {
      for (const path of ["/members", "/members/__data.json"]) {
        const visitor = new Visitor(server.url);
        const answer = await visitor.ask(path);
        assert.equal(answer.status, path === "/members" ? 303 : 200);
        assert.match(answer.headers.getSetCookie().join(), /^sessionid=[^,]*; HttpOnly/);
        const signedIn = await visitor.post("/?/in", signIn("ada"));
        assert.equal(signedIn.headers.get("location"), "/members");
        assert.match((await visitor.follow(signedIn)).body, /for members/);
      }
      await application.store({ fails: true });
      const failed = await new Visitor(server.url).ask("/members");
      assert.equal(failed.status, 503);
      assert.deepEqual(failed.headers.getSetCookie(), []);
    },
  },
  {
    name: "fetch of a load function",
    async run({ server }) {
      const visitor = new Visitor(server.url);
      const first = await visitor.ask("/?visit");
      assert.equal(said(first.body), "hello nobody, 1 visits", "the page has the session that the call changed");
      assert.equal(first.headers.getSetCookie().length, 1);
      assert.match(first.headers.get("cache-control") ?? "", /no-store/);
      const second = await visitor.ask("/?visit");
      assert.equal(said(second.body), "hello nobody, 2 visits");
      assert.deepEqual(second.headers.getSetCookie(), []);
    },
  },
  secureByProtocol("Secure by the URL"),
  inTheCookie(async (visitor) => {
    await visitor.ask("/members");
    const answer = await visitor.post("/?/in", signIn("ada"));
    assert.match((await visitor.follow(answer)).body, /for members/);
    assert.equal(said((await visitor.ask("/?visit")).body), "hello ada, 1 visits");
  }),
  {
    name: "rendered while building",
    async run({ application, server }) {
      await assertForEverybody({ application, server }, "/about");
      const { build, name } = application.framework;
      assert.ok(build !== undefined, name);
      const asking = join(application.folder, "src/routes/about/+page.server.ts");
      await writeFile(asking, "export const load = async ({ locals }) => ({ id: (await locals.session()).id });\n");
      try {
        await assert.rejects(application.command(build), /rendered while building is for everybody/);
      } finally {
        await rm(asking);
      }
    },
  },
];
