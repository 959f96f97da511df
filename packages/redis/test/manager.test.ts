import { createServer, type Server } from "node:http";
import { createManager, providers, type StoreManager } from "@sess/core";
import "@sess/redis";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type PrivateRedis, startRedis } from "./server.js";
import { describeWithServer } from "./support.js";

interface Fields {
  username: string;
  visits: number;
}

describeWithServer("a Manager on redis", () => {
  let redis: PrivateRedis;
  let admin: Redis;
  let sessions: StoreManager<Fields>;
  let http: Server;
  let origin: string;

  beforeAll(async () => {
    redis = await startRedis();
    admin = new Redis(redis.url);
    sessions = await createManager<Fields>("redis", {
      cookieName: "gosessionid",
      gcLifetime: 3600,
      providerConfig: `127.0.0.1:${redis.port},100`,
    });
    http = createServer(
      sessions.handler(async (session, req, res) => {
        if (req.url === "/visit") await session.update("visits", (visits) => (visits ?? 0) + 1);
        if (req.url === "/login") session.set("username", "ada");
        res.end(`${session.get("username")} ${session.get("visits")}`);
      }),
    );
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const address = http.address();
    if (typeof address === "object" && address !== null) origin = `http://127.0.0.1:${address.port}`;
  }, 150_000);
  afterAll(async () => {
    http.closeAllConnections();
    http.close();
    await sessions.close();
    admin.disconnect();
    await redis.stop();
  });

  /** Commands that clients sent while a request was answered, by the server's own count: scripts' own are not sent. */
  const costs = async (path: string, cookie = "") => {
    await admin.config("RESETSTAT");
    const response = await fetch(origin + path, { headers: { cookie } });
    const body = await response.text();
    const info = await admin.info("commandstats");
    const sent = [...info.matchAll(/^cmdstat_(get|evalsha|eval|zscan|scan|mget):calls=(\d+)/gm)];
    const setCookie = response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    return { body, setCookie, commands: sent.reduce((sum, [, , calls]) => sum + Number(calls), 0) };
  };

  test("registers itself, and costs 0, 1 or 2 commands for a request", async () => {
    expect(providers()).toContain("redis");
    expect(await costs("/")).toEqual({ body: "undefined undefined", setCookie: "", commands: 0 });
    // The scripts are unknown to the new server: one command more, once each.
    const warm = await costs("/login");
    await costs("/visit", warm.setCookie);
    const { setCookie, commands } = await costs("/login");
    expect(commands).toBe(1);
    expect(await costs("/", setCookie)).toMatchObject({ body: "ada undefined", commands: 1 });
    expect(await costs("/visit", setCookie)).toMatchObject({ body: "ada 1", commands: 2 });
    expect(await costs("/", `gosessionid=${"x".repeat(43)}`)).toMatchObject({ body: "undefined undefined" });
    expect(await costs("/", "gosessionid=forged")).toMatchObject({ commands: 0 });
  });

  test("no update is lost among 64 at once, and nothing at rest names the id", async () => {
    const { setCookie } = await costs("/login");
    await Promise.all(Array.from({ length: 64 }, () => fetch(`${origin}/visit`, { headers: { cookie: setCookie } })));
    expect((await costs("/", setCookie)).body).toBe("ada 64");
    const id = setCookie.split("=")[1] ?? "";
    for (const name of await admin.keys("*")) expect(`${name} ${await admin.get(name)}`).not.toContain(id);
  });
});
