import { expect, test } from "vitest";
import { type OldSession, type OldStore, readOld } from "./old-store.js";

// What stores of express-session answer, each in its way.

const answering = (error: unknown, data?: OldSession | null): OldStore => ({
  get: (_id, callback) => callback(error, data),
  destroy: () => {},
});

test("nothing there: undefined, null, or the error of a file that is missing", async () => {
  expect(await readOld(answering(null), "id")).toBe(undefined);
  expect(await readOld(answering(undefined, null), "id")).toBe(undefined);
  expect(await readOld(answering(Object.assign(new Error("no file"), { code: "ENOENT" })), "id")).toBe(undefined);
  const broken = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
  await expect(readOld(answering(broken), "id")).rejects.toBe(broken);
});

test("what a store throws at the call is its failure as well", async () => {
  const thrown = new Error("closed");
  const store: OldStore = {
    get: () => {
      throw thrown;
    },
    destroy: () => {},
  };
  await expect(readOld(store, "id")).rejects.toBe(thrown);
});

test("objects of a database become what JSON makes of them, as they were to the old application in every other store", async () => {
  class ObjectId {
    toJSON() {
      return "507f1f77";
    }
  }
  const data = { cookie: {}, user: { _id: new ObjectId(), at: new Date(0), tags: undefined }, f: () => {} };
  expect(await readOld(answering(null, data), "id")).toEqual({
    fields: [["user", { _id: "507f1f77", at: "1970-01-01T00:00:00.000Z" }]],
    maxAge: undefined,
  });
});

test("whether it has expired is for the store to say: connect-redis prolongs a record, and the end in it stays", async () => {
  const ends = (expires: unknown) =>
    readOld(answering(null, { cookie: { expires, originalMaxAge: 5000 }, n: 1 } as OldSession), "id");
  for (const expires of [new Date(0), new Date(0).toISOString(), new Date(1e13), null, false, undefined]) {
    expect(await ends(expires)).toEqual({ fields: [["n", 1]], maxAge: 5000 });
  }
});
