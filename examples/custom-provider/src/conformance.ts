import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { conformance } from "@sess/core/conformance";
import { sqlite } from "sess-sqlite/provider";

const folder = mkdtempSync(join(tmpdir(), "sess-sqlite-"));
after(() => rmSync(folder, { recursive: true }));

conformance(test, {
  name: "sqlite",
  open: ({ namespace, now }) => sqlite(join(folder, namespace)).connect({ now, contract: 1 }),
});
