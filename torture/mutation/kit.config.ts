import { defineConfig, type Plugin } from "vitest/config";
import { mutateByHand } from "./by-hand.js";

const subject = process.env.SESS_MUTATED ?? "";

/** Makes the change by hand that the environment names, if it names one. */
const byHand: Plugin = {
  name: "by hand",
  enforce: "pre",
  transform: (code, id) => mutateByHand(subject, id, code, process.env.SESS_MUTATION),
};

export default defineConfig({
  plugins: [byHand],
  resolve: { conditions: ["@sess/source"] },
  ssr: { resolve: { conditions: ["@sess/source"] } },
  test: { include: [`torture/mutation/${subject}.kit.ts`] },
});
