import { connect } from "node:net";

/** A response as it came over the socket. */
export interface RawResponse {
  readonly statusLine: string;
  /** In their order and spelling. */
  readonly headers: readonly string[];
  /** Without the framing of chunks. */
  readonly body: string;
  readonly trailers: readonly string[];
}

/** What comes back for some bytes until the server closes the connection: each needs `Connection: close` at last. */
export function exchange(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes, "latin1"));
    socket.on("data", (chunk) => chunks.push(chunk));
    // A connection that breaks off is an answer as well, as far as it came.
    socket.on("error", () => {});
    socket.on("close", () => resolve(Buffer.concat(chunks).toString("latin1")));
  });
}

/** A request without a body, by its lines. */
export function requestOf(method: string, path: string, headers: readonly string[] = ["Connection: close"]): string {
  return [`${method} ${path} HTTP/1.1`, "Host: test", ...headers, "", ""].join("\r\n");
}

/** The responses in what came back, 1xx included; `methods` are those of the requests, in order. */
export function responsesIn(text: string, methods: readonly string[]): RawResponse[] {
  const responses: RawResponse[] = [];
  let rest = text;
  let asked = 0;
  while (rest !== "") {
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0) return [...responses, { statusLine: rest, headers: [], body: "", trailers: [] }];
    const [statusLine = "", ...headers] = rest.slice(0, end).split("\r\n");
    const status = Number(statusLine.split(" ")[1]);
    const interim = status < 200 && rest.indexOf("HTTP/1.1 ", end) > 0;
    const method = interim ? "HEAD" : methods[asked++];
    const bodiless = method === "HEAD" || status < 200 || status === 204 || status === 304;
    const [body, trailers, length] = bodiless ? ["", [], 0] : bodyIn(rest.slice(end + 4), headers);
    responses.push({ statusLine, headers, body, trailers });
    rest = rest.slice(end + 4 + length);
  }
  return responses;
}

function bodyIn(text: string, headers: readonly string[]): [body: string, trailers: string[], length: number] {
  const find = (name: string) => headers.find((line) => line.toLowerCase().startsWith(`${name}:`));
  if (find("transfer-encoding") !== undefined) return dechunked(text);
  const length = find("content-length");
  const taken = length === undefined ? text.length : Math.min(text.length, Number(length.slice(15)));
  return [text.slice(0, taken), [], taken];
}

function dechunked(text: string): [body: string, trailers: string[], length: number] {
  let body = "";
  let at = 0;
  for (;;) {
    const line = text.indexOf("\r\n", at);
    const size = line < 0 ? Number.NaN : Number.parseInt(text.slice(at, line), 16);
    if (Number.isNaN(size)) return [`${body} (broken off)`, [], text.length];
    at = line + 2;
    if (size === 0) break;
    body += text.slice(at, at + size);
    at += size + 2;
  }
  const end = text.startsWith("\r\n", at) ? at : text.indexOf("\r\n\r\n", at);
  const trailers = text.slice(at, end).split("\r\n").filter(Boolean);
  return [body, trailers, end === at ? at + 2 : end + 4];
}
