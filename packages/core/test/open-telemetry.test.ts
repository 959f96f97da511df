import { readFile } from "node:fs/promises";
import { stripVTControlCharacters } from "node:util";
import { ConsoleSpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";
import { transform } from "esbuild";
import { afterEach, expect, test, vi } from "vitest";
import { sessionKey } from "../src/ids.js";
import { createManager } from "../src/index.js";
import { Stage } from "../test-support/stage.js";

// The example of the README, as it stands there, with the real SDK and its exporter to the console.

const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(new ConsoleSpanExporter())] });

afterEach(() => {
  vi.restoreAllMocks();
});

/** Runs the README's block that subscribes to the tracing channel. */
async function subscribeAsTheReadme(): Promise<void> {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const blocks = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, text = ""]) => text);
  const example = blocks.find((text) => text.includes("@opentelemetry/api")) ?? "";
  const { code } = await transform(example, { loader: "ts", format: "cjs" });
  const modules: Record<string, unknown> = {
    "node:diagnostics_channel": await import("node:diagnostics_channel"),
    "@opentelemetry/api": await import("@opentelemetry/api"),
  };
  new Function("require", "module", "exports", code)((name: string) => modules[name], { exports: {} }, {});
}

test("each call to the store is a span with its operation, outcome and duration, and nothing of the session", async () => {
  provider.register();
  await subscribeAsTheReadme();
  const printed: string[] = [];
  // The exporter prints an object for each span.
  vi.spyOn(console, "dir").mockImplementation((span: object) => void printed.push(JSON.stringify(span)));
  const stage = new Stage();
  const sessions = await createManager(stage);
  const exchange = sessions.begin(new Request("http://localhost/"));
  const session = await exchange.session();
  session.set("secretField", "swordfish");
  session.owner = "owner@example.org";
  await exchange.respond(new Response());
  await sessions.load(session.id);
  stage.down = true;
  await sessions.load(session.id).catch(() => {});
  await provider.forceFlush();
  const spans = printed.map((text) => JSON.parse(stripVTControlCharacters(text)));
  expect(spans).toMatchObject([
    {
      name: "sess create",
      attributes: { "db.system.name": "memory", "db.operation.name": "create", "sess.outcome": "ok" },
      status: { code: 0 },
    },
    { name: "sess read", attributes: { "sess.outcome": "ok" } },
    { name: "sess read", attributes: { "sess.outcome": "failed" }, status: { code: 2, message: "SESS_UNAVAILABLE" } },
  ]);
  for (const { duration } of spans) expect(duration).toBeGreaterThan(0);
  for (const secret of [
    session.id,
    sessionKey("sessionid", session.id),
    "secretField",
    "swordfish",
    "owner@example.org",
  ]) {
    expect(printed.join()).not.toContain(secret);
  }
  await provider.shutdown();
});
