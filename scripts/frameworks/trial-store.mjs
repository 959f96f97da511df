/**
 * A store in memory that can be made slow, or made to fail, while the application runs: the file that
 * SESS_TRIAL names says how. Copied into each application.
 */
import { readFileSync } from "node:fs";
import { cookie } from "@sess/cookie/provider";
import { memory } from "@sess/core";

function state() {
  try {
    return JSON.parse(readFileSync(process.env.SESS_TRIAL ?? "", "utf8"));
  } catch {
    return {};
  }
}

/**
 * @template T
 * @param {() => Promise<T>} call
 */
async function write(call) {
  const { delay = 0, fails = false } = state();
  if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
  if (fails) throw new Error("the trial's store fails");
  return call();
}

/**
 * With SESS_COOKIE_KEY, there is no store: the client keeps its session.
 *
 * @returns {import("@sess/core").Connector}
 */
export function trialStore() {
  const { SESS_COOKIE_KEY: key } = process.env;
  if (key !== undefined) return cookie({ keys: [key] });
  const inner = memory();
  return {
    kind: "store",
    name: "trial",
    async connect(context) {
      if (process.env.SESS_TRIAL_BUILD) throw new Error("a store was opened while building");
      const provider = await inner.connect(context);
      const { keysOf } = provider;
      return {
        ...(keysOf && { keysOf: keysOf.bind(provider) }),
        read: async (key) => {
          if (state().down) throw new Error("the trial's store is down");
          return provider.read(key);
        },
        create: (key, record) => write(() => provider.create(key, record)),
        update: (key, record, expected) => write(() => provider.update(key, record, expected)),
        touch: (key, expiresAt, expected) => write(() => provider.touch(key, expiresAt, expected)),
        count: () => provider.count(),
        gc: () => provider.gc(),
        close: () => provider.close(),
      };
    },
  };
}
