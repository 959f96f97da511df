import assert from "node:assert/strict";
import { assertForEverybody, inTheCookie, secureByProtocol, storeDown, type Trial } from "./trials.js";
import { said, Visitor } from "./visitor.js";

const signIn = { body: new URLSearchParams({ user: "ada" }) };

export const reactRouterTrials: readonly Trial[] = [
  storeDown(500),
  {
    name: "action",
    async run({ application, server }) {
      const visitor = new Visitor(server.url);
      await application.store({ delay: 300 });
      const answer = await visitor.post("/?index", signIn);
      assert.equal(answer.status, 303);
      assert.ok(answer.took >= 300, `the redirect left after ${answer.took} ms`);
      const page = await visitor.follow(answer);
      assert.equal(said(page.body), "hello ada, 0 visits");
      assert.match(page.body, /sign out/, "the layout's loader knows too");
    },
  },
  {
    name: "action of a client navigation",
    async run({ application, server }) {
      const visitor = new Visitor(server.url);
      const answer = await visitor.post("/_.data?index", signIn);
      assert.equal(answer.status, 202, "a redirect, as data");
      assert.equal(said((await visitor.ask("/")).body), "hello ada, 0 visits");
      await application.store({ fails: true });
      const failed = await new Visitor(server.url).post("/_.data?index", signIn);
      assert.equal(failed.status, 503);
      assert.deepEqual(failed.headers.getSetCookie(), []);
    },
  },
  {
    name: "failed action",
    async run({ application, server }) {
      const visitor = new Visitor(server.url);
      await application.store({ fails: true });
      const answer = await visitor.post("/?index", signIn);
      assert.equal(answer.status, 503);
      assert.equal(visitor.cookie, "");
    },
  },
  {
    name: "parallel loaders have one session",
    async run({ server }) {
      const visitor = new Visitor(server.url);
      assert.equal((await visitor.ask("/?visit")).headers.getSetCookie().length, 1);
      assert.equal(said((await visitor.ask("/")).body), "hello nobody, 2 visits");
    },
  },
  secureByProtocol("Secure behind a proxy"),
  inTheCookie(async (visitor) => {
    await visitor.follow(await visitor.post("/?index", signIn));
    await visitor.ask("/?visit");
    assert.equal(said((await visitor.ask("/")).body), "hello ada, 2 visits");
  }),
  {
    name: "rendered while building",
    run: (site) => assertForEverybody(site, "/about/"),
  },
];
