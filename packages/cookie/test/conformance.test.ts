import { tokenConformance } from "@sess/core/conformance";
import { test } from "vitest";
import { cookie } from "../src/provider.js";

tokenConformance(test, {
  name: "cookie",
  open: ({ keys, ...context }) => cookie({ keys }).connect({ ...context, contract: 1 }),
  tokens: Number(process.env.SESS_TOKENS ?? 10),
});
