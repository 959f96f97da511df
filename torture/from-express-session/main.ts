/**
 * An application of express-session and connect-redis that is switched to @sess under load, without signing anybody out:
 * `npx tsx torture/from-express-session/main.ts [users] [ms of each phase] [way]`. Ends with 1 when somebody was.
 */
import { join } from "node:path";
import { runFromSource } from "../from-source.js";

runFromSource(join(import.meta.dirname, "run.ts"));
