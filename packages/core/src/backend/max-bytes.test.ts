import { expect, test } from "vitest";
import { codeOf, Stage, stored, visit } from "../../test-support/stage.js";
import { memory } from "../memory/memory.js";

test("a session of more than maxBytes is refused as it is stored, member by member, and as it is read", async () => {
  const store = memory();
  const [stage, small] = [new Stage(store), new Stage(store)];
  const manager = await stage.manager({ maxBytes: 1000 });
  const id = await stored(manager);
  const [large, fine] = [await visit(manager, id), await visit(manager, id)];
  large.set("text", "\u20ac".repeat(330));
  fine.set("n", 1);
  const both = [codeOf(large.release()), codeOf(fine.release())];
  expect(await Promise.all(both)).toEqual(["SESS_TOO_LARGE", "accepted"]);
  expect((await manager.load(id))?.get("n")).toBe(1);
  const owner = await visit(manager, id);
  owner.owner = "ada";
  await owner.release();
  const other = await small.manager({ maxBytes: 50 });
  expect(await codeOf(visit(other, id))).toBe("SESS_TOO_LARGE");
  expect(await other.destroyOwned("ada")).toBe(1);
  expect(await manager.exists(id)).toBe(false);
});

test("the default is a million", async () => {
  const manager = await new Stage().manager();
  const session = await visit(manager);
  session.set("text", "x".repeat(999_000));
  expect(await codeOf(session.release())).toBe("accepted");
  session.set("text", "x".repeat(1_000_000));
  expect(await codeOf(session.release())).toBe("SESS_TOO_LARGE");
});
