import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";

/** What a client would see of a response. */
export interface Seen {
  /** 0 where the connection broke. */
  readonly status: number;
  readonly cookies: readonly string[];
}

// Never connected: requests and responses only need a socket to exist.
const socket = new Socket();

/** A response of node:http without a client. `done` gets its head when it has ended. */
class CapturedResponse extends ServerResponse {
  readonly #done: (seen: Seen) => void;
  #seen: Seen = { status: 0, cookies: [] };

  constructor(req: IncomingMessage, done: (seen: Seen) => void) {
    super(req);
    this.sendDate = false;
    this.#done = done;
  }

  override writeHead(status: number, ...rest: unknown[]): this {
    const answer = Reflect.apply(super.writeHead, this, [status, ...rest]) as this;
    // Read from the rendered head, because headers come from setHeader and from writeHead's arguments.
    const lines = String(Reflect.get(this, "_header")).split("\r\n");
    const cookies = lines.flatMap((line) => /^set-cookie: (.*)$/i.exec(line)?.[1] ?? []);
    this.#seen = { status, cookies };
    return answer;
  }

  override end(...args: unknown[]): this {
    Reflect.apply(super.end, this, args);
    this.#done(this.#seen);
    return this;
  }

  override destroy(): this {
    this.#done({ status: 0, cookies: [] });
    return this;
  }
}

/** A simulated request, with or without a cookie, and its response. */
export function exchange(id: string | undefined, done: (seen: Seen) => void): [IncomingMessage, ServerResponse] {
  const req = new IncomingMessage(socket);
  if (id !== undefined) req.headers.cookie = `sessionid=${id}`;
  return [req, new CapturedResponse(req, done)];
}

/** The id that a response sets, `""` where it clears the cookie, undefined where it does neither. */
export function idSet(seen: Seen): string | undefined {
  const value = seen.cookies.map((cookie) => /^sessionid=([^;]*)/.exec(cookie)?.[1]).find((id) => id !== undefined);
  return value;
}
