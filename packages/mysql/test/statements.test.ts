import { createServer, type Server } from "node:http";
import type { Provider } from "@sess/core";
import { createManager, providers, type StoreManager } from "@sess/core";
import "@sess/mysql";
import type { Pool } from "mysql2/promise";
import { afterAll, beforeAll, expect, test } from "vitest";
import { mysql } from "../src/provider.js";
import { type PrivateMysql, startMysql } from "./server.js";
import { adminPool, all, Clock, describeWithServer, newKey, newRecord, statusOf } from "./support.js";

interface Fields {
  username: string;
  visits: number;
}

describeWithServer("statements by the server's own count", () => {
  let server: PrivateMysql;
  let admin: Pool;
  beforeAll(async () => {
    server = await startMysql();
    admin = adminPool(server.url);
  }, 150_000);
  afterAll(async () => {
    await admin.end();
    await server.stop();
  }, 60_000);

  /** Statements that clients sent; preparing one, once for each connection, does not count among the server's. */
  const costs = async (work: () => Promise<unknown>) => {
    const before = await statusOf(admin, "Questions");
    const result = await work();
    const after = await statusOf(admin, "Questions");
    // The second count is one of them.
    return { result, statements: after - before - 1 };
  };

  test("of each operation", async () => {
    const clock = new Clock();
    const store: Provider = await mysql({ dsn: server.url, poolSize: 1 }).connect(clock);
    const [key, first, second] = [newKey(), newRecord(clock.now(), { owner: "o" }), newRecord(clock.now())];
    const expired = newKey();
    await store.create(expired, newRecord(clock.now(), { expiresAt: clock.now() + 1 }));
    clock.advance(1);
    const later = first.expiresAt + 1000;
    const counts: Record<string, unknown> = {};
    const count = async (name: string, work: () => Promise<unknown>) => {
      const { result, statements } = await costs(work);
      counts[name] = [result, statements];
    };
    await count("create", () => store.create(key, first));
    await count("create, refused", () => store.create(key, first));
    await count("create over what has expired", () => store.create(expired, first));
    await count("read", async () => (await store.read(key))?.version);
    await count("read of nothing", () => store.read(newKey()));
    await count("readMany", async () => (await store.readMany?.([newKey(), key]))?.map((each) => each?.version));
    await count("touch", () => store.touch(key, later, first.version));
    await count("touch that moves nothing", () => store.touch(key, later, first.version));
    await count("touch, refused", () => store.touch(key, later, "x"));
    await count("update", () => store.update(key, second, first.version));
    await count("update, refused", () => store.update(newKey(), second, first.version));
    await count("count", () => store.count());
    await count("gc", () => store.gc());
    await count("keys", async () => (await all(store.keys?.())).length);
    await count("keysOf", async () => (await all(store.keysOf?.("o"))).length);
    expect(counts).toEqual({
      create: [true, 1],
      "create, refused": [false, 3],
      "create over what has expired": [true, 2],
      read: [first.version, 1],
      "read of nothing": [undefined, 1],
      readMany: [[undefined, first.version], 1],
      touch: [true, 1],
      "touch that moves nothing": [true, 1],
      "touch, refused": [false, 2],
      update: [{ written: true }, 1],
      "update, refused": [{ written: false, current: undefined }, 2],
      count: [2, 1],
      gc: [0, 1],
      keys: [2, 1],
      keysOf: [1, 1],
    });
    await store.close();
  });

  test("readMany gives for each key what read gives, in the order of the keys", async () => {
    const clock = new Clock();
    const store = await mysql({ dsn: server.url, poolSize: 1 }).connect(clock);
    const keys = Array.from({ length: 9 }, () => newKey());
    await store.create(keys[1] ?? "", newRecord(clock.now(), { owner: "o" }));
    await store.create(keys[3] ?? "", newRecord(clock.now(), { retired: "" }));
    await store.create(keys[5] ?? "", newRecord(clock.now(), { expiresAt: clock.now() + 1 }));
    await store.create(keys[7] ?? "", newRecord(clock.now()));
    clock.advance(1);
    for (const asked of [keys.slice(0, 8), keys.slice(0, 8).reverse(), keys.slice(3, 5), keys.slice(5, 6), [], keys]) {
      const one = await Promise.all(asked.map((key) => store.read(key)));
      expect(await store.readMany?.(asked)).toEqual(one);
    }
    const there = (await store.readMany?.(keys.slice(0, 8)))?.map((each) => each?.retired ?? each?.data.length);
    expect(there?.map((each) => typeof each)).toEqual(
      keys.slice(0, 8).map((_, index) => ({ 1: "number", 3: "string", 7: "number" })[index] ?? "undefined"),
    );
    await store.close();
    await expect(store.readMany?.(keys.slice(0, 2))).rejects.toMatchObject({ code: "SESS_CLOSED" });
  });

  test("each is prepared once on a connection, and nothing is sent as text", async () => {
    const clock = new Clock();
    const store = await mysql({ dsn: server.url, poolSize: 1 }).connect(clock);
    await store.read(newKey());
    const names = ["Com_stmt_prepare", "Com_stmt_execute", "Com_select"];
    const counts = () => Promise.all(names.map((name) => statusOf(admin, name)));
    const before = await counts();
    for (let reads = 0; reads < 50; reads++) await store.read(newKey());
    const after = await counts();
    expect(after.map((count, at) => count - (before[at] ?? 0))).toEqual([0, 50, 50]);
    await store.close();
  });

  const serve = async (body: (origin: string, sessions: StoreManager<Fields>) => Promise<void>) => {
    const sessions = await createManager<Fields>("mysql", {
      cookieName: "gosessionid",
      gcLifetime: 3600,
      providerConfig: { dsn: `root@tcp(127.0.0.1:${server.port})/sess`, poolSize: 2 },
    });
    const http: Server = createServer(
      sessions.handler(async (session, req, res) => {
        if (req.url === "/visit") await session.update("visits", (visits) => (visits ?? 0) + 1);
        if (req.url === "/login") session.set("username", "ada");
        res.end(`${session.get("username")} ${session.get("visits")}`);
      }),
    );
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const address = http.address();
    try {
      if (typeof address === "object") await body(`http://127.0.0.1:${address?.port}`, sessions);
    } finally {
      http.closeAllConnections();
      http.close();
      await sessions.close();
    }
  };
  const visit = async (url: string, cookie = "") => {
    const response = await fetch(url, { headers: { cookie } });
    return { body: await response.text(), cookie: response.headers.getSetCookie()[0]?.split(";")[0] ?? "" };
  };

  test("0, 1 or 2 for a request, and nothing at rest names the id", () =>
    serve(async (origin) => {
      expect(providers()).toContain("mysql");
      const { cookie } = await visit(`${origin}/login`);
      // Each connection is set up by a statement of its own, once.
      await Promise.all([visit(origin, cookie), visit(origin, cookie), visit(origin, cookie)]);
      expect(await costs(() => visit(origin))).toMatchObject({
        result: { body: "undefined undefined" },
        statements: 0,
      });
      expect(await costs(() => visit(origin, "gosessionid=forged"))).toMatchObject({ statements: 0 });
      expect(await costs(() => visit(origin, cookie))).toMatchObject({
        result: { body: "ada undefined", cookie: "" },
        statements: 1,
      });
      expect(await costs(() => visit(`${origin}/visit`, cookie))).toMatchObject({
        result: { body: "ada 1" },
        statements: 2,
      });
      expect(await costs(() => visit(`${origin}/login`))).toMatchObject({ statements: 1 });
      const [rows] = await admin.query("SELECT HEX(session_key), owner, CAST(data AS CHAR) FROM sessions");
      expect(JSON.stringify(rows)).not.toContain(cookie.split("=")[1]);
    }));

  test("no update is lost among 64 requests at once", () =>
    serve(async (origin) => {
      const { cookie } = await visit(`${origin}/login`);
      await Promise.all(Array.from({ length: 64 }, () => visit(`${origin}/visit`, cookie)));
      expect((await visit(origin, cookie)).body).toBe("ada 64");
    }));
});
