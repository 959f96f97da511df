import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/**
 * A port that was free a moment ago, and that the system gives to nobody who does not ask for it by its number: what is
 * stopped or killed finds it free again, and whoever connects to it meanwhile finds nobody.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    // Below those that are given to whoever connects or listens anywhere (32768 and above).
    const port = randomInt(10_000, 32_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
