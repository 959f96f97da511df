import { Agent, get } from "node:http";

/**
 * Sends exactly that many requests, each with the next cookie, over that many persistent connections. Resolves to the
 * number of responses with each status. Every request has been answered then; wrk leaves some under way at its end.
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

/** Rejects if a request was not answered. */
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
