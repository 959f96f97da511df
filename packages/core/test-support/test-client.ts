import { once } from "node:events";
import { type IncomingHttpHeaders, type IncomingMessage, request, type Server } from "node:http";
import { connect } from "node:http2";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** What a client of a test got. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** How a test asks. */
export interface Ask {
  readonly cookie?: string | undefined;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  /** How the body becomes text. */
  readonly encoding?: BufferEncoding;
}

/** Resolves when the answer is complete; rejects when it breaks off. */
export function ask(port: number, path: string, { cookie, method, headers, encoding }: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const all = { ...headers, ...(cookie && { cookie }) };
    const req = request({ port, host: "127.0.0.1", method, path, agent: false, headers: all }, (res) => {
      const chunks: Buffer[] = [];
      res.on("data", (chunk: Buffer) => chunks.push(chunk));
      res.on("error", reject);
      res.on("end", () => {
        resolve({ status: res.statusCode ?? 0, headers: res.headers, body: Buffer.concat(chunks).toString(encoding) });
      });
    });
    req.on("error", reject);
    req.end();
  });
}

/** The same over HTTP/2, on a connection of its own. */
export async function askHttp2(port: number, path: string, { cookie, method, headers }: Ask = {}): Promise<Answer> {
  const client = connect(`http://127.0.0.1:${port}`);
  try {
    const stream = client.request({ ":path": path, ":method": method ?? "GET", ...headers, ...(cookie && { cookie }) });
    stream.end();
    const [head] = (await once(stream, "response")) as [IncomingHttpHeaders & { readonly ":status": number }];
    return { status: head[":status"], headers: head, body: await text(stream) };
  } finally {
    client.close();
  }
}

/** What a browser would send back. */
export function cookieOf(answer: Answer): string | undefined {
  return answer.headers["set-cookie"]?.find((line) => line.startsWith("sessionid="))?.split(";")[0];
}

const servers = new Set<Server>();

/** Has a server listen on a free port of this machine, until {@link closeServers}. */
export async function listen(server: Server): Promise<number> {
  servers.add(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** To be called after each test. */
export async function closeServers(): Promise<void> {
  for (const server of servers) {
    servers.delete(server);
    server.closeAllConnections?.(); // HTTP/2's servers have no such method.
    await new Promise((resolve) => server.close(resolve));
  }
}
