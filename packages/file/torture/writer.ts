/**
 * Writes endlessly: each key's next text in turn, sometimes a new key. Every acknowledged write is noted in a file
 * before the next begins. Arguments: the directory, the file of notes, the keys.
 */
import { randomBytes } from "node:crypto";
import { openSync, writeSync } from "node:fs";
import { file } from "../src/provider.js";
import { numberOf, payload } from "./payload.js";

const [directory = "", notes = "", ...keys] = process.argv.slice(2);
const store = await file(directory).connect({ now: Date.now, contract: 1 });
const fd = openSync(notes, "a");
const random = () => randomBytes(32).toString("hex");
const record = (n: number) => ({ data: payload(n), version: random(), expiresAt: Date.now() + 3_600_000 });

// Without its parent, nobody would end this process.
process.once("disconnect", () => process.exit());

async function write(key: string): Promise<void> {
  const current = await store.read(key);
  if (current === undefined) throw new Error("a key has no record");
  const n = (numberOf(current.data) ?? Number.NaN) + 1;
  const { written } = await store.update(key, record(n), current.version);
  if (written) writeSync(fd, `${key} ${n}\n`);
  else await store.touch(key, Date.now() + 7_200_000, current.version);
}

for (let count = 0; ; count += 1) {
  await write(keys[count % keys.length] ?? "");
  if (count === 0) process.send?.("writing");
  if (count % 5 !== 0) continue;
  const own = random();
  if (await store.create(own, record(count))) writeSync(fd, `${own} ${count}\n`);
}
