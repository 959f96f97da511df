import { ServerResponse } from "node:http";

/** A response's headers as its session may still set them while nobody else may. */
export interface Head {
  getHeader(name: string): number | string | string[] | undefined;
  setHeader(name: string, value: string | readonly string[]): unknown;
}

/** What must happen before a response may leave. Each may answer at once, and then nothing is delayed. */
export interface ResponseHook {
  /** Before the first byte. May still set headers. Rejecting replaces the response by an error. */
  beforeHeaders(status: number, head: Head): void | Promise<void>;
  /** Before the end, where that is not also the first byte. Rejecting breaks the connection off. */
  beforeEnd(): void | Promise<void>;
  /** Makes the error response's head and says its status; without a head, it has gone already. */
  failed(error: unknown, head: Head | undefined): number;
}

/** HTTP/2 has no status messages, and node:http2 warns of whoever reads or sets one. */
export function hasStatusMessage(res: ServerResponse): boolean {
  return res instanceof ServerResponse;
}

/** What decides about a response's head besides its headers. */
export class HeadProperties {
  readonly status: number;
  readonly #message: string | undefined;
  readonly #sendDate: boolean;

  constructor(res: ServerResponse) {
    this.status = res.statusCode;
    this.#message = hasStatusMessage(res) ? res.statusMessage : undefined;
    this.#sendDate = res.sendDate;
  }

  restore(res: ServerResponse): void {
    res.statusCode = this.status;
    res.sendDate = this.#sendDate;
    if (hasStatusMessage(res)) res.statusMessage = this.#message ?? "";
  }
}
