import type { Provider, SessionRecord } from "@sess/core";
import { expect, test } from "vitest";
import { mysql } from "../src/provider.js";
import { startMysql } from "./server.js";
import { Clock, describeWithServer, newKey, newRecord } from "./support.js";

const clock = new Clock();
const unavailable = { code: "SESS_UNAVAILABLE" };
const big = () => newRecord(clock.now(), { data: newKey().repeat(2000) });

/** Creates until the server refuses; resolves to what is there, and to how it refused. */
async function fill(store: Provider): Promise<{ records: Map<string, SessionRecord>; refusal: unknown }> {
  const records = new Map<string, SessionRecord>();
  for (;;) {
    const [key, record] = [newKey(), big()];
    try {
      await store.create(key, record);
      records.set(key, record);
    } catch (refusal) {
      expect(await store.read(key)).toBeUndefined();
      return { records, refusal };
    }
  }
}

/** What was stored before is as it was, and so is what a refused update was to replace. */
async function checkIntact(store: Provider, records: ReadonlyMap<string, SessionRecord>): Promise<void> {
  expect(records.size).toBeGreaterThan(10);
  const [[key, before] = ["", big()]] = records;
  const larger = { ...big(), data: before.data.repeat(30) };
  await expect(store.update(key, larger, before.version)).rejects.toMatchObject(unavailable);
  for (const [each, record] of records) expect(await store.read(each)).toEqual(record);
  expect(await store.count()).toBe(records.size);
}

/** It takes writes again, and has lost nothing. */
async function checkService(store: Provider, records: ReadonlyMap<string, SessionRecord>): Promise<void> {
  const [key, record] = [newKey(), big()];
  await expect.poll(() => store.create(key, record).catch(() => false), { timeout: 30_000 }).toBe(true);
  for (const [each, stored] of [...records, [key, record] as const]) expect(await store.read(each)).toEqual(stored);
}

describeWithServer("a server that has no space left", () => {
  test("its tablespace is full: writes are SESS_UNAVAILABLE, nothing is torn, until there is a larger one", async () => {
    const file = (most: number) => `--innodb-data-file-path=ibdata1:12M:autoextend:max:${most}M`;
    const server = await startMysql(file(32), "--innodb-file-per-table=0");
    const store = await mysql({ dsn: server.url }).connect(clock);
    const { records, refusal } = await fill(store);
    expect(refusal).toMatchObject({ ...unavailable, cause: { errno: 1114 } });
    await checkIntact(store, records);
    await server.kill();
    await server.restart(file(64));
    await checkService(store, records);
    await store.close();
    await server.stop();
  });
});
