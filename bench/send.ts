import { Agent, get } from "node:http";

/**
 * Sends that many requests and no more, each cookie in its turn, over that many connections that are kept. Resolves to
 * how often each status came: where wrk leaves some under way at its end, here every one has been answered.
 */
export async function send(
  url: string,
  cookies: readonly string[],
  count: number,
  connections: number,
): Promise<Map<number, number>> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const statuses = new Map<number, number>();
  let sent = 0;
  const client = async () => {
    while (sent < count) {
      const status = await request(url, cookies[sent++ % cookies.length], agent);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: connections }, client)).finally(() => agent.destroy());
  return statuses;
}

/** Rejects where a request was not answered. */
function request(url: string, cookie: string | undefined, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = get(url, { agent, headers: cookie === undefined ? {} : { cookie } }, (response) => {
      response.resume();
      response.once("end", () => resolve(response.statusCode ?? 0));
      response.once("error", reject);
    });
    asked.once("error", reject);
  });
}
