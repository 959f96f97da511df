import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { memory } from "../memory/memory.js";
import { createManager } from "./create-manager.js";
import type { StoreManager } from "./manager.js";

/** All that `util.inspect` can be told to show, and what a log's serialiser may call. */
function everyWayToShow(object: unknown): string {
  const all = { depth: 20, showHidden: true, getters: true, showProxy: true, maxArrayLength: null } as const;
  const shown = [
    inspect(object, all),
    inspect(object, { ...all, getters: "get" }),
    inspect(object, { ...all, customInspect: false }),
  ];
  return [...shown, inspect([{ deep: { object } }], all), json(object), String(object)].join("\n");
}

function json(object: unknown): string {
  try {
    return String(JSON.stringify(object));
  } catch (error) {
    return String(error);
  }
}

const fields = { secretField: "swordfish", map: new Map([["carp", 1]]) };

async function signedIn(sessions: StoreManager<object>): Promise<string> {
  const exchange = sessions.begin(new Request("http://localhost/"));
  const session = await exchange.session();
  for (const [name, value] of Object.entries(fields)) session.set(name as never, value as never);
  session.owner = "ada@example.com";
  await exchange.respond(new Response());
  return session.id;
}

function request(id: string): [IncomingMessage, ServerResponse] {
  const req = new IncomingMessage(new Socket());
  req.headers.cookie = `sessionid=${id}`;
  return [req, new ServerResponse(req)];
}

describe("what is handed out shows no id, field, value or owner, however it is asked", async () => {
  const sessions = await createManager(memory());
  const id = await signedIn(sessions as StoreManager<object>);
  const [req, res] = request(id);
  const session = await sessions.start(req, res);
  const loaded = await sessions.load(id);
  const exchange = sessions.begin(new Request("http://localhost/", { headers: { cookie: `sessionid=${id}` } }));
  const given = await exchange.session();
  for (const each of [session, loaded, given]) each?.get("map" as never);
  loaded?.set("changed" as never, "pike" as never);
  const fresh = await sessions.start(...request(""));
  fresh.set("secretField" as never, "swordfish" as never);
  const [owned] = await sessions.listOwned("ada@example.com", { current: session });
  delete req.headers.cookie;

  test.each<[string, unknown]>([
    ["a session", session],
    ["a loaded session", loaded],
    ["the session of an exchange", given],
    ["a session that is not stored yet", fresh],
    ["the promise of a session", sessions.start(req, res)],
    ["an exchange", exchange],
    ["a listed session", owned],
    ["a Manager", sessions],
    ["a request that has a session", req],
    ["a response that waits for one", res],
  ])("%s", (_, object) => {
    const shown = everyWayToShow(object);
    for (const secret of [id, fresh.id, "secretField", "swordfish", "carp", "changed", "pike", "ada@"]) {
      expect(shown).not.toContain(secret);
    }
  });
});
