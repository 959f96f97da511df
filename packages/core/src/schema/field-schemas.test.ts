import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { type } from "arktype";
import * as v from "valibot";
import { afterEach, describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { codeOf, Stage, stored, visit } from "../../test-support/stage.js";
import type { ManagerConfig } from "../config/options.js";
import { createManager, type Manager, memory, type StandardSchema, type StoreManager } from "../index.js";
import type { SchemaConfig } from "./standard-schema.js";

// What an older version of the application stored is never handed out as the new type.

type Fields = Record<string, unknown>;
type Config = ManagerConfig & SchemaConfig<Fields>;

/** Releases of one application on one store. */
function application() {
  const store = memory();
  const stages: Stage[] = [];
  const release = async (config: Config): Promise<StoreManager<Fields>> => {
    const stage = new Stage(store);
    stages.push(stage);
    return createManager<Fields>(stage, config);
  };
  return { release, stages };
}

const user = z.object({ name: z.string(), admin: z.boolean().default(false) });
const errors: unknown[] = [];
const hear = (event: unknown) => void errors.push((event as { error: unknown }).error);

afterEach(() => {
  unsubscribe("sess:error", hear);
  errors.length = 0;
});

describe.each([
  ["zod", { user: z.object({ name: z.string() }), tags: z.array(z.string()) }],
  ["valibot", { user: v.object({ name: v.string() }), tags: v.array(v.string()) }],
  ["arktype", { user: type({ name: "string" }), tags: type("string[]") }],
])("with %s", (_, schema) => {
  test("a field that fits is got, one that does not is no field, and others are as without a schema", async () => {
    const { release } = application();
    const [old, present] = [await release({}), await release({ schema })];
    const id = await stored(old, { user: "ada", tags: ["a"], other: 1 });
    const session = await visit(present, id);
    expect([session.get("user"), session.get("tags"), session.get("other")]).toEqual([undefined, ["a"], 1]);
    expect([session.has("user"), session.keys()]).toEqual([false, ["tags", "other"]]);
    session.set("user", { name: "ada" });
    await session.release();
    expect((await visit(present, id)).get("user")).toEqual({ name: "ada" });
  });

  test("with onInvalid error it is a SESS_SCHEMA, which says no value", async () => {
    const { release } = application();
    const id = await stored(await release({}), { user: "ada-of-old" });
    const session = await visit(await release({ schema, onInvalid: "error" }), id);
    expect(() => session.get("user")).toThrow(expect.objectContaining({ code: "SESS_SCHEMA", status: 500 }));
    expect(() => session.get("user")).toThrow(/^what is stored in field "user" does not fit its schema$/);
    expect([session.has("user"), session.keys()]).toEqual([true, ["user"]]);
    expect(await codeOf(session.update("user", () => ({ name: "x" })))).toBe("SESS_SCHEMA");
  });
});

describe("a field with a schema", () => {
  test("is what the schema makes of it, once for a request, and reading writes nothing", async () => {
    const { release, stages } = application();
    const id = await stored(await release({}), { user: { name: "ada", shoe: 41 } });
    const session = await visit(await release({ schema: { user } }), id);
    expect(session.get("user")).toEqual({ name: "ada", admin: false });
    expect(session.get("user")).toBe(session.get("user"));
    await session.release();
    expect(stages[1]?.calls).toEqual(["read"]);
  });

  test("is stored as the schema made it, when something in it is changed", async () => {
    const { release } = application();
    const old = await release({});
    const id = await stored(old, { user: { name: "ada", shoe: 41 } });
    const session = await visit(await release({ schema: { user } }), id);
    (session.get("user") as { name: string }).name = "bob";
    await session.release();
    expect((await visit(old, id)).get("user")).toEqual({ name: "bob", admin: false });
  });

  test("is checked by update and take as well, and by what is listed", async () => {
    const { release } = application();
    const old = await release({});
    const session = await visit(old, await stored(old, { visits: "many", flash: 7, user: "ada" }));
    session.owner = "ada";
    await session.release();
    const present = await release({ schema: { visits: z.number(), flash: z.string(), user } });
    const [listed] = await present.listOwned("ada");
    expect([listed?.get("user"), listed?.get("visits")]).toEqual([undefined, undefined]);
    const late = await visit(present, session.id);
    expect(await late.update("visits", (n) => ((n as number | undefined) ?? 0) + 1)).toBe(1);
    expect(await late.take("flash")).toBeUndefined();
  });

  test("that does not fit stays stored for those who know it, until it is set or deleted", async () => {
    const { release } = application();
    const [old, present] = [await release({}), await release({ schema: { user } })];
    const id = await stored(old, { user: "ada" });
    const session = await visit(present, id);
    session.get("user");
    session.set("n", 1);
    await session.release();
    expect((await visit(old, id)).get("user")).toBe("ada");
    session.delete("user");
    await session.release();
    expect((await visit(old, id)).has("user")).toBe(false);
  });

  test("an async schema is refused, and its promise does not end the process", async () => {
    const { release } = application();
    const id = await stored(await release({}), { user: "ada", other: "x", third: "y" });
    const failing: StandardSchema<string> = {
      "~standard": { version: 1, vendor: "ours", validate: () => Promise.reject(new Error("later")) },
    };
    const always = v.checkAsync(async (_: string) => true);
    const third = z.string().refine(async () => true);
    const session = await visit(
      await release({ schema: { user: failing, other: v.pipeAsync(v.string(), always), third } }),
      id,
    );
    for (const field of ["user", "other", "third"]) {
      expect(() => session.get(field)).toThrow(expect.objectContaining({ code: "SESS_CONFIG" }));
    }
    await new Promise((resolve) => setImmediate(resolve));
  });

  test("sealed in a cookie it is the same", async () => {
    const token = {
      kind: "token",
      name: "plain",
      connect: async () => ({
        seal: (record: object) => Buffer.from(JSON.stringify(record)).toString("base64url"),
        open: (text: string) => JSON.parse(Buffer.from(text, "base64url").toString()),
        close: async () => {},
      }),
    } as const;
    const old: Manager<Fields> = await createManager<Fields>(token);
    const present: Manager<Fields> = await createManager<Fields>(token, {
      schema: { user },
      schemaVersion: 1,
      migrate: (fields) => ({ user: { name: fields.name } }),
    });
    const first = await old.handle(new Request("http://localhost/"), async (session) => {
      session.set("name", "ada");
      return new Response();
    });
    const cookie = first.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    const seen: unknown[] = [];
    await present.handle(new Request("http://localhost/", { headers: { cookie } }), (session) => {
      seen.push(session.get("user"), session.has("name"));
      return new Response();
    });
    expect(seen).toEqual([{ name: "ada", admin: false }, false]);
  });
});

describe("migrate", () => {
  const schema = { user };
  const migrate = (fields: Fields, version: number): Fields =>
    version === 0 ? { ...fields, name: undefined, user: { name: fields.name } } : fields;

  test("makes fields of the present version of those of an older one, and they are stored with the next change", async () => {
    const { release, stages } = application();
    const old = await release({});
    const versions: number[] = [];
    const present = await release({
      schema,
      schemaVersion: 1,
      migrate: (fields, version) => {
        versions.push(version);
        return migrate(fields, version);
      },
    });
    const id = await stored(old, { name: "ada", n: 1 });
    const reader = await visit(present, id);
    expect([reader.get("user"), reader.has("name")]).toEqual([{ name: "ada", admin: false }, false]);
    await reader.release();
    expect([versions, stages[1]?.calls]).toEqual([[0], ["read"]]);
    const writer = await visit(present, id);
    writer.set("n", 2);
    await writer.release();
    expect(versions).toEqual([0, 0]);
    expect((await visit(present, id)).get("user")).toEqual({ name: "ada", admin: false });
    expect(versions).toEqual([0, 0]);
    expect((await visit(old, id)).keys()).toEqual(["n", "user"]);
  });

  test("what was written meanwhile by an older process is migrated before the changes are applied again", async () => {
    const { release, stages } = application();
    const [old, present] = [await release({}), await release({ schema, schemaVersion: 1, migrate })];
    const id = await stored(old, { name: "ada" });
    const session = await visit(present, id);
    const call = stages[1]?.hold("update");
    session.set("n", 1);
    const saved = session.release();
    await call?.reached;
    await (await visit(old, id)).update("name", () => "bob");
    await Promise.all([saved, call?.proceed()]);
    const late = await visit(present, id);
    expect([late.get("user"), late.get("n")]).toEqual([{ name: "bob", admin: false }, 1]);
  });

  test("what a newer version stored is checked, and keeps its version", async () => {
    const { release } = application();
    const never = () => {
      throw new Error("not to be called");
    };
    const newer = await release({ schema: { user: z.string() }, schemaVersion: 2, migrate: never });
    const older = await release({ schema, schemaVersion: 1, migrate: never });
    const id = await stored(newer, { user: "ada" });
    const session = await visit(older, id);
    expect(session.get("user")).toBeUndefined();
    session.set("n", 1);
    await session.release();
    expect((await visit(newer, id)).get("user")).toBe("ada");
  });

  test("keeps the version under a new id, and a record of no version stays so without migrate", async () => {
    const { release } = application();
    const versions: number[] = [];
    const note = (fields: Fields, version: number) => {
      versions.push(version);
      return fields;
    };
    const [one, three] = [
      await release({ schema: {}, schemaVersion: 1, migrate: note }),
      await release({ schema: {}, schemaVersion: 3, migrate: note }),
    ];
    const session = await visit(one, await stored(one));
    await session.regenerate();
    await session.update("n", () => 1);
    await visit(three, session.id);
    const plain = await release({ schema: {} });
    await visit(three, await stored(plain));
    expect(versions).toEqual([1, 0]);
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("a bug");
      },
    ],
    ["is async", async (fields: Fields) => fields],
    ["gives no fields", () => 7],
    ["gives what cannot be kept", () => ({ user: () => 1 })],
  ])(
    "that %s is reported, and the fields are checked as they are; with onInvalid error it fails",
    async (_, broken) => {
      subscribe("sess:error", hear);
      const { release } = application();
      const old = await release({});
      const config = { schema, schemaVersion: 1, migrate: broken as never };
      const id = await stored(old, { name: "ada", user: "old", n: 1 });
      const session = await visit(await release(config), id);
      expect([session.get("user"), session.get("n")]).toEqual([undefined, 1]);
      expect(errors).toMatchObject([{ code: "SESS_SCHEMA" }]);
      session.set("n", 2);
      await session.release();
      expect((await visit(old, id)).get("user")).toBe("old");
      const strict = await release({ ...config, onInvalid: "error" });
      expect(await codeOf(visit(strict, id))).toBe("SESS_SCHEMA");
      await strict.destroyOwned("nobody");
    },
  );
});

describe("the configuration", () => {
  test.each([
    [{ schema: 1 }, /"schema" must be an object/],
    [{ schema: { user: {} } }, /"schema" must be/],
    [{ schema: { user: { "~standard": { version: 2, validate: () => {} } } } }, /"schema" must be/],
    [{ onInvalid: "drop" }, /"onInvalid" must be absent without "schema"/],
    [{ schema: {}, onInvalid: "keep" }, /"onInvalid" must be "drop" or "error"/],
    [{ schema: {}, migrate: () => ({}) }, /"schemaVersion" must be present with "migrate"/],
    [{ schema: {}, schemaVersion: 1 }, /"migrate" must be present with "schemaVersion"/],
    [{ schema: {}, schemaVersion: 0, migrate: () => ({}) }, /"schemaVersion" must be a whole number/],
    [{ schema: {}, schemaVersion: 1, migrate: "up" }, /"migrate" must be a function/],
  ])("%j is refused", async (config, message) => {
    await expect(createManager("memory", config as never)).rejects.toThrow(message);
  });

  test("types: the schemas give the fields theirs, and an explicit type holds for the schemas", async () => {
    const schema = { user: z.object({ name: z.string() }), visits: v.number(), tags: type("string[]") };
    const inferred = await createManager("memory", { schema, maxLifetime: 60 });
    expectTypeOf(inferred).toEqualTypeOf<StoreManager<{ user: { name: string }; visits: number; tags: string[] }>>();
    const connected = await createManager(memory(), { schema: { visits: z.number() } });
    expectTypeOf(connected).toEqualTypeOf<StoreManager<{ visits: number }>>();
    const types = async () => {
      const session = await inferred.load("");
      expectTypeOf(session?.get("user")).toEqualTypeOf<{ name: string } | undefined>();
      // @ts-expect-error no such field
      session?.get("other");
      // @ts-expect-error another type than the schema's
      session?.set("visits", "many");
    };
    expectTypeOf(types).toBeFunction();
    interface Explicit {
      user: string;
      other: number;
    }
    const explicit = await createManager<Explicit>("memory", { schema: { user: z.string() } });
    expectTypeOf(explicit).toEqualTypeOf<StoreManager<Explicit>>();
    // @ts-expect-error the schema gives another type than the field has
    await createManager<Explicit>("memory", { schema: { user: z.number() } });
    // @ts-expect-error a schema for a field that is not declared
    await createManager<Explicit>("memory", { schema: { nobody: z.number() } });
    expectTypeOf(z.string()).toExtend<StandardSchema<string>>();
  });
});
