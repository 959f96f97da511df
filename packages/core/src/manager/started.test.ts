import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { expect, test } from "vitest";
import { codeOf, Stage, stored } from "../../test-support/stage.js";
import { memory } from "../memory/memory.js";
import { createManager } from "./create-manager.js";

function exchange(id?: string): [IncomingMessage, ServerResponse] {
  const req = new IncomingMessage(new Socket());
  if (id !== undefined) req.headers.cookie = `sessionid=${id}`;
  return [req, new ServerResponse(req)];
}

test("one session for a request, however often it is asked for", async () => {
  const manager = await createManager(memory());
  const [req, res] = exchange(await stored(manager));
  expect(await manager.start(req, res)).toBe(await manager.start(req, res));
});

test("a copy of a request, or one made on top of it, is a request of its own, and so is its response", async () => {
  const manager = await createManager(memory());
  const [one, other] = [await stored(manager), await stored(manager)];
  const [req, res] = exchange(one);
  const session = await manager.start(req, res);
  for (const inner of [Object.assign(Object.create(req), req), Object.create(req) as IncomingMessage]) {
    inner.headers = { cookie: `sessionid=${other}` };
    const innerRes = new ServerResponse(inner);
    expect(session.id).toBe(one);
    expect((await manager.start(inner, innerRes)).id).toBe(other);
    expect(Object.hasOwn(innerRes, "end")).toBe(true);
  }
  expect(await manager.start(req, res)).toBe(session);
});

test("a store that was down is asked again", async () => {
  const stage = new Stage(memory());
  const manager = await stage.manager();
  const [req, res] = exchange(await stored(manager));
  const read = stage.hold("read");
  const asked = [codeOf(manager.start(req, res)), codeOf(manager.start(req, res))];
  await read.reached;
  read.fail();
  expect(await Promise.all(asked)).toEqual(["SESS_UNAVAILABLE", "SESS_UNAVAILABLE"]);
  expect((await manager.start(req, res)).id).toMatch(/./);
});
