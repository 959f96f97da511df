import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { assertForEverybody, inTheCookie, secureByProtocol, storeDown, type Trial } from "./trials.js";
import { said, Visitor } from "./visitor.js";

const signIn = { body: new URLSearchParams({ user: "ada" }) };

export const astroTrials: readonly Trial[] = [
  storeDown(500),
  {
    name: "form of a page",
    async run({ application, server }) {
      const visitor = new Visitor(server.url);
      await application.store({ delay: 300 });
      const answer = await visitor.post("/", signIn);
      assert.equal(answer.status, 303);
      assert.ok(answer.took >= 300, `the redirect left after ${answer.took} ms`);
      assert.equal(said((await visitor.follow(answer)).body), "hello ada, 0 visits");
    },
  },
  {
    name: "page that changes",
    async run({ application, server }) {
      const visitor = new Visitor(server.url);
      await application.store({ delay: 300 });
      const answer = await visitor.ask("/?visit");
      assert.ok(answer.took >= 300, `the page left after ${answer.took} ms`);
      assert.equal(said(answer.body), "hello nobody, 1 visits");
      assert.equal(answer.headers.getSetCookie().length, 1);
      assert.match(answer.headers.get("vary") ?? "", /Cookie/);
      await application.store();
      assert.equal(said((await visitor.ask("/?visit")).body), "hello nobody, 2 visits");
    },
  },
  {
    name: "page that changes, failed save",
    async run({ application, server }) {
      await application.store({ fails: true });
      const answer = await new Visitor(server.url).ask("/?visit");
      assert.equal(answer.status, 503);
      assert.deepEqual(answer.headers.getSetCookie(), []);
    },
  },
  {
    name: "rewrite",
    async run({ server }) {
      const visitor = new Visitor(server.url);
      const answer = await visitor.ask("/members");
      assert.equal(said(answer.body), "hello nobody, 1 visits", "one session for both pages");
      assert.equal(answer.headers.getSetCookie().length, 1);
      await visitor.post("/", signIn);
      assert.match((await visitor.ask("/members")).body, /for members/);
    },
  },
  {
    name: "no such page",
    async run({ server }) {
      const visitor = new Visitor(server.url);
      await visitor.post("/", signIn);
      const answer = await visitor.ask("/nowhere");
      assert.equal(answer.status, 404);
      assert.deepEqual(answer.headers.getSetCookie(), []);
      assert.equal(said((await visitor.ask("/")).body), "hello ada, 0 visits");
    },
  },
  secureByProtocol("Secure behind a proxy"),
  inTheCookie(async (visitor) => {
    await visitor.follow(await visitor.post("/", signIn));
    assert.equal(said((await visitor.ask("/?visit")).body), "hello ada, 1 visits");
  }),
  {
    name: "rendered while building",
    async run({ application, server }) {
      await assertForEverybody({ application, server }, "/about");
      const { build, name } = application.framework;
      assert.ok(build !== undefined, name);
      const path = join(application.folder, "src/pages/about.astro");
      const text = await readFile(path, "utf8");
      await writeFile(path, `${text}{Astro.locals.session.id}\n`);
      try {
        await assert.rejects(application.command(build), /Cannot read properties of undefined \(reading 'id'\)/);
      } finally {
        await writeFile(path, text);
      }
    },
  },
];
