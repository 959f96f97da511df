import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";

/** What a client would have seen of a response. */
export interface Seen {
  /** 0 where the connection broke. */
  readonly status: number;
  readonly cookies: readonly string[];
}

// Never connected: requests and responses want one to exist.
const socket = new Socket();

/** A response of node:http that goes to nobody; `done` learns of its head when it has ended. */
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
    // As it is rendered: headers come by setHeader as well as by writeHead's own arguments.
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

/** A request that nobody sent, with a cookie or without, and the response to it. */
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
