import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import { freePort, startRedis } from "./server.js";
import { describeWithServer } from "./support.js";

const here = fileURLToPath(new URL(".", import.meta.url));

describeWithServer("private servers of the tests", () => {
  test("a test process that is killed leaves none behind", async () => {
    const code =
      'import { startRedis } from "./server.ts"; console.log((await startRedis()).port); setInterval(() => {}, 1e6);';
    const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", code], { cwd: here });
    const [said] = (await once(child.stdout, "data")) as [Buffer];
    const port = Number(said.toString());
    expect(await answers(port)).toBe(true);
    child.kill("SIGKILL");
    await vi.waitFor(async () => expect(await answers(port)).toBe(false), { timeout: 5000 });
  }, 20_000);

  test("what redis-server says is in the error when it does not start", async () => {
    await expect(startRedis("--no-such-option", "1")).rejects.toThrow(/no-such-option/);
    expect(await answers(await freePort())).toBe(false);
  });
});

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
