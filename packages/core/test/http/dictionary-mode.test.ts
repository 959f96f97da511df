import { createServer, IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { expect, test } from "vitest";
import { toDictionaryMode } from "../../src/http/dictionary-mode.js";

const requests = [() => new IncomingMessage(new Socket()), () => new ServerResponse(new IncomingMessage(new Socket()))];

test.each(requests)("an object has the same properties with the same values afterwards: %#", (make) => {
  const object = Object.setPrototypeOf(make(), Object.create(make().constructor.prototype, {}));
  const before = Object.getOwnPropertyDescriptors(object);
  for (const name of ["sendDate", "upgrade", "no such property"]) toDictionaryMode(object, name);
  expect(Object.getOwnPropertyDescriptors(object)).toEqual(before);
});

test("an accessor stays one, and what cannot be removed stays", () => {
  class Thing {
    first = 0;
  }
  const thing = Object.setPrototypeOf(new Thing(), Object.create(Thing.prototype));
  Object.defineProperty(thing, "accessor", { get: () => 1, configurable: true });
  Object.defineProperty(thing, "fixed", { value: 2 });
  const before = Object.getOwnPropertyDescriptors(thing);
  toDictionaryMode(thing, "accessor");
  toDictionaryMode(thing, "fixed");
  expect(Object.getOwnPropertyDescriptors(thing)).toEqual(before);
});

test("what a server makes of a request has the properties that are asked for", async () => {
  const server = createServer((req, res) => {
    res.end(`${Object.hasOwn(req, "upgrade")} ${Object.hasOwn(res, "sendDate")}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  try {
    expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe("true true");
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
