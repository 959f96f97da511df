import { defineConfig, type Plugin } from "vitest/config";
import { mutateLua } from "./lua.js";

/** Makes the one change to the scripts' Lua that the environment names; none where it names none. */
const lua: Plugin = {
  name: "lua",
  enforce: "pre",
  transform: (code, id) => (id.endsWith("/redis/src/scripts.ts") ? mutateLua(code, process.env.SESS_LUA) : undefined),
};

export default defineConfig({
  plugins: [lua],
  resolve: { conditions: ["@sess/source"] },
  ssr: { resolve: { conditions: ["@sess/source"] } },
  test: { include: ["torture/mutation/redis.kit.ts"], testTimeout: 4000 },
});
