import assert from "node:assert/strict";
import { type Site, type Trial, trials } from "./trials.js";
import { Visitor } from "./visitor.js";

const guard: Trial = {
  name: "guard",
  async run({ server }) {
    const visitor = new Visitor(server.url);
    const refused = await visitor.ask("/members");
    assert.deepEqual([refused.status, visitor.cookie], [403, ""]);
    await visitor.post("/sign-in?user=ada");
    assert.equal((await visitor.ask("/members")).body, "for members");
  },
};

const filter: Trial = {
  name: "exception filter",
  async run({ application, server }) {
    const visitor = new Visitor(server.url);
    await application.store({ fails: true });
    const answer = await visitor.post("/visit");
    assert.deepEqual([answer.status, answer.body, visitor.cookie], [503, filtered, ""]);
  },
};

const filtered = JSON.stringify({ statusCode: 503, message: "Try again." });

/** The handler has returned when storing fails. */
const responseNotStored = (body: string): Trial => ({
  name: "response that cannot be stored",
  async run({ application, server }) {
    const visitor = new Visitor(server.url);
    assert.equal((await visitor.post("/theme?name=dark")).status, 204);
    await application.store({ fails: true });
    const answer = await visitor.post("/theme?name=light");
    assert.deepEqual([answer.status, answer.body, answer.headers.getSetCookie()], [503, body, []]);
  },
});

/** Everything once more, on the other platform, whose filter is asked also when the response cannot be stored. */
const onFastify = [...trials, guard, filter, responseNotStored(filtered)].map(({ name, run }) => ({
  name: `Fastify, ${name}`,
  async run({ application }: Site) {
    const server = await application.serve(["dist/fastify.js"]);
    try {
      await run({ application, server });
    } finally {
      await server.stop();
    }
  },
}));

export const nestTrials: readonly Trial[] = [
  guard,
  filter,
  responseNotStored("The session could not be stored.\n"),
  ...onFastify,
];
