import assert from "node:assert/strict";
import type { Trial } from "./trials.js";
import { said, Visitor } from "./visitor.js";

export const nuxtTrials: readonly Trial[] = [
  {
    name: "SSR changes the session",
    async run({ application, server }) {
      const visitor = new Visitor(server.url);
      await application.store({ delay: 300 });
      const first = await visitor.ask("/?visit");
      assert.equal(said(first.body), "hello nobody, 1 visits");
      assert.ok(first.took >= 300, `the page left after ${first.took} ms`);
      assert.match(first.headers.getSetCookie().join(), /^sessionid=/, "the page's response has the cookie");
      assert.equal(said((await visitor.ask("/?visit")).body), "hello nobody, 2 visits");
    },
  },
  {
    name: "SSR, failed save",
    async run({ application, server }) {
      const visitor = new Visitor(server.url);
      await application.store({ fails: true });
      const answer = await visitor.ask("/?visit");
      assert.ok(answer.status >= 500, `status ${answer.status}`);
      assert.equal(visitor.cookie, "");
    },
  },
];
