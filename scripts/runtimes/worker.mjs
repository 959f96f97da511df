/**
 * The site of the trial under workerd: below /memory with sessions in memory, below /cookie with sealed ones, below
 * /late with a store that answers later and a Manager for each request.
 */
import { cookie } from "../../packages/cookie/dist/provider.js";
import { createManager, memory } from "../../packages/core/dist/index.js";
import { switched } from "./switched.mjs";

const { state, connector } = switched();

// Not before the first request: outside of one, workerd has neither random bytes nor timers.
let managers;

async function open({ SESS_KEY }) {
  return { memory: await createManager(connector), cookie: await createManager(cookie({ keys: [SESS_KEY] })) };
}

let shared;
const late = {
  kind: "store",
  name: "late",
  async connect(context) {
    shared ??= await memory().connect(context);
    const answersLate =
      (method) =>
      async (...args) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return shared[method](...args);
      };
    const methods = ["read", "create", "update", "touch", "count", "gc"];
    return { ...Object.fromEntries(methods.map((each) => [each, answersLate(each)])), close: async () => {} };
  },
};

const site = {
  async fetch(request, env) {
    managers ??= open(env);
    const [, kind, path] = new URL(request.url).pathname.split("/");
    const sessions = kind === "late" ? await createManager(late) : (await managers)[kind];
    state.down = false;
    return sessions.handle(request, async (session) => {
      if (path === "in") {
        session.set("user", "ada");
        await session.regenerate();
        return Response.redirect(new URL(`/${kind}/`, request.url), 303);
      }
      if (path === "count") await session.update("n", (n) => (n ?? 0) + 1);
      if (path === "out") await session.destroy();
      if (path === "fail") {
        session.set("user", "eve".repeat(2000)); // More than a cookie has room for.
        state.down = true;
      }
      return Response.json([session.get("user"), session.get("n")]);
    });
  },
};

// biome-ignore lint/style/noDefaultExport: workerd takes the site from there.
export default site;
