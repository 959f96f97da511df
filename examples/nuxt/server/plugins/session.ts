import { createManager } from "@sess/core";
import { sessionPlugin } from "@sess/core/h3";
import type { Fields } from "../fields";

export default defineNitroPlugin(sessionPlugin(() => createManager<Fields>("memory", { maxLifetime: 1800 })));
