import { chmod, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { file } from "../src/provider.js";

test("what doctor says of a directory: its mode, whether it was replaced, space, and durability", async () => {
  const parent = await mkdtemp(join(tmpdir(), "sess-file-"));
  const directory = join(parent, "sessions");
  const provider = await file({ directory, durable: true }).connect({ now: Date.now, contract: 1 });
  const findings = async () =>
    ((await provider.diagnose?.()) ?? []).map(({ subject, state, text }) => `${subject} ${state}: ${text}`);
  expect(await findings()).toEqual([
    `directory fine: "${directory}", mode 0700`,
    expect.stringMatching(/^space \w+: \d+ MB and .+ files free$/),
    "durability fine: an acknowledged write survives a power failure",
  ]);
  await chmod(directory, 0o755);
  expect((await findings())[0]).toBe(`directory warning: "${directory}" can be read by others (0755): chmod 700 it`);
  await rename(directory, join(parent, "moved"));
  await mkdir(directory, { mode: 0o700 });
  expect((await findings())[0]).toBe(`directory problem: "${directory}" was replaced by another one`);
  await provider.close();
  await expect(provider.diagnose?.()).rejects.toMatchObject({ code: "SESS_CLOSED" });
  await rm(parent, { recursive: true });
});
