import { inspect } from "node:util";
import { describe, expect, expectTypeOf, test } from "vitest";
import { codeOf, stored } from "../../test-support/stage.js";
import {
  type Connector,
  createManager,
  memory,
  providers,
  register,
  type SessionData,
  type StoreManager,
} from "../index.js";

// The lines marked @ts-expect-error are tests too: `npm run typecheck` fails where one of them compiles.

describe("createManager", () => {
  test("the seed's memory snippet, verbatim in its JSON", async () => {
    const globalSessions = await createManager("memory", `{"cookieName":"gosessionid","gclifetime":3600}`);
    const stop = globalSessions.startGC();
    expectTypeOf(globalSessions).toEqualTypeOf<StoreManager<SessionData>>();
    expect(await globalSessions.count()).toBe(0);
    stop();
    await globalSessions.close();
  });

  test("a name with a typed configuration, a connector, a type for the fields", async () => {
    interface Fields {
      user: string;
      visits: number;
    }
    const named = await createManager<Fields>("memory", { gcLifetime: 60, providerConfig: { maxSessions: 10 } });
    const connected = await createManager(memory({ maxSessions: 10 }), { cookieName: "id" });
    expectTypeOf(named).toEqualTypeOf<StoreManager<Fields>>();
    expectTypeOf(connected).toEqualTypeOf<StoreManager<SessionData>>();
    const types = async () => {
      const session = await named.load("");
      if (session === undefined) return;
      expectTypeOf(session.get("user")).toEqualTypeOf<string | undefined>();
      expectTypeOf(session.update("visits", (n) => (n ?? 0) + 1)).toEqualTypeOf<Promise<number | undefined>>();
      // @ts-expect-error a field that was not declared
      session.get("other");
      // @ts-expect-error a value of another type
      session.set("visits", "many");
      const untyped = await connected.load("");
      const greeting: string = `hello ${untyped?.get("user")}`;
      return greeting;
    };
    expectTypeOf(types).toBeFunction();
    await named.close();
    await connected.close();
  });

  test("what is wrong is a compile error, and a typed error for those who do not compile", async () => {
    // @ts-expect-error nobody registered that name
    expect(await codeOf(createManager("mysq1", {}))).toBe("SESS_PROVIDER");
    // @ts-expect-error another provider's configuration
    expect(await codeOf(createManager("memory", { providerConfig: { host: "localhost" } }))).toBe("SESS_CONFIG");
    // @ts-expect-error an explicit type for the fields does not switch that check off
    expect(await codeOf(createManager<{ user: string }>("memory", { providerConfig: 7 }))).toBe("SESS_CONFIG");
    // @ts-expect-error an unknown key
    expect(await codeOf(createManager("memory", { cookiename: "x" }))).toBe("SESS_CONFIG");
    // @ts-expect-error a wrong type
    expect(await codeOf(createManager("memory", { gcLifetime: "3600" }))).toBe("SESS_CONFIG");
    // @ts-expect-error no connector
    expect(await codeOf(createManager({}))).toBe("SESS_PROVIDER");
    expect(await codeOf(createManager("memory", '{"gclifetime":0}'))).toBe("SESS_CONFIG");
  });

  test("a name that is known at run time only", async () => {
    const name: string = process.env.SESS_NO_SUCH_VARIABLE ?? "memory";
    const plain = await createManager(name, { cookieName: "id" });
    expectTypeOf(plain).toEqualTypeOf<StoreManager<SessionData>>();
    const typed = await createManager<{ user: string }, string>(name, { providerConfig: "" });
    expectTypeOf(typed).toEqualTypeOf<StoreManager<{ user: string }>>();
    // @ts-expect-error without the name's type it would take any literal
    const untyped = await createManager<{ user: string }>(name, {});
    // @ts-expect-error nobody can check an object's keys against a name that is not known
    expect(await codeOf(createManager(name, { providerConfig: { host: "localhost" } }))).toBe("SESS_CONFIG");
    await Promise.all([plain, typed, untyped].map((manager) => manager.close()));
  });

  test("an unknown provider's message names those that are known", async () => {
    await expect(createManager("mysql", "{}")).rejects.toThrow('unknown provider "mysql" (forgotten import?)');
    await expect(createManager("mysql", "{}")).rejects.toThrow('"memory"');
  });

  test("a provider of another contract is refused before it connects, by what must be updated", async () => {
    let connected = false;
    const connect = async () => {
      connected = true;
      throw new Error("not reached");
    };
    for (const kind of ["store", "token"]) {
      // As a package of a later year has it; this year's types do not allow it.
      const later = { kind, name: "later", contract: 2, connect } as never;
      await expect(createManager(later)).rejects.toMatchObject({
        code: "SESS_PROVIDER",
        message: 'provider "later" was written for contract 2, and this @sess/core offers 1: update @sess/core',
      });
    }
    expect(connected).toBe(false);
    await (await createManager({ ...memory(), contract: 1 })).close();
  });

  test("a provider that lacks a method of the contract is refused at start-up, and closed", async () => {
    let closed = 0;
    const connect = async () => ({ read: async () => undefined, close: async () => void closed++ });
    await expect(createManager({ kind: "store", name: "half", connect } as never)).rejects.toMatchObject({
      code: "SESS_PROVIDER",
      message: 'provider "half" has no create, update, touch, count, gc',
    });
    await expect(createManager({ kind: "token", name: "half", connect } as never)).rejects.toMatchObject({
      code: "SESS_PROVIDER",
      message: 'provider "half" has no seal, open',
    });
    expect(closed).toBe(2);
    const nothing = { kind: "store", name: "nothing", connect: async () => undefined } as never;
    await expect(createManager(nothing)).rejects.toMatchObject({ code: "SESS_PROVIDER" });
  });

  test("a Manager that is logged shows nothing of its provider's configuration", async () => {
    register("secretive", () => memory(), "a test");
    const manager = await createManager("secretive", JSON.stringify({ ProviderConfig: "127.0.0.1,100,astaxie" }));
    expect(inspect(manager, { depth: 9, showHidden: true })).not.toContain("astaxie");
    await manager.close();
  });

  test("every Manager opened by name has a store of its own; one connector has one store", async () => {
    const [one, two] = [await createManager("memory"), await createManager("memory")];
    expect(await two.exists(await stored(one))).toBe(false);
    const connector = memory();
    const [three, four] = [await createManager(connector), await createManager(connector)];
    expect(await four.exists(await stored(three))).toBe(true);
    await three.close();
    expect(await four.count()).toBe(1);
  });
});

describe("the registry", () => {
  const factory = (): Connector => memory();

  test("takes a name again from the same package, and from no other", () => {
    register("again", factory, "@one/provider");
    register("again", factory, "@one/provider");
    expect(() => register("again", factory, "@other/provider")).toThrow(/@one\/provider/);
    expect(providers()).toContain("again");
    expect(providers()).toContain("memory");
  });

  test("refuses an empty name and a factory that is none", () => {
    const wrong = expect.objectContaining({ code: "SESS_PROVIDER" });
    expect(() => register("", factory, "x")).toThrow(wrong);
    expect(() => register("x", undefined as never, "x")).toThrow(wrong);
    expect(providers()).not.toContain("x");
  });
});

describe("gc", () => {
  test("runs once when asked, and by itself every gcLifetime, without keeping the process alive", async () => {
    let now = 1e12;
    const manager = await createManager("memory", { now: () => now, maxLifetime: 10 });
    await stored(manager);
    expect(await manager.gc()).toBe(0);
    now += 71_000;
    expect(await manager.gc()).toBe(1);
    await manager.close();
  });
});
