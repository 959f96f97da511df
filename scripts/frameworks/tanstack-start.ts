import assert from "node:assert/strict";
import type { Trial } from "./trials.js";
import { said, Visitor } from "./visitor.js";

/** Sends the page's form, which calls a server function, as a browser without JavaScript does. */
async function signIn(visitor: Visitor) {
  const page = await visitor.ask("/");
  const form = new FormData();
  form.set("user", "ada");
  return visitor.post(/<form action="([^"]+)"/.exec(page.body)?.[1] ?? "no form", { body: form });
}

export const tanstackStartTrials: readonly Trial[] = [
  {
    name: "server function",
    async run({ server }) {
      const visitor = new Visitor(server.url);
      const answer = await signIn(visitor);
      assert.equal(answer.status, 303);
      assert.equal(said((await visitor.follow(answer)).body), "hello ada, 0 visits");
    },
  },
  {
    name: "failed server function",
    async run({ application, server }) {
      const visitor = new Visitor(server.url);
      await application.store({ fails: true });
      const answer = await signIn(visitor);
      assert.ok(answer.status >= 500, `status ${answer.status}`);
      assert.equal(visitor.cookie, "");
    },
  },
];
