/** A response's headers, as a framework on top of `node:http` lets them be changed before it sends them. */
export interface ResponseHead {
  getHeader(name: string): number | string | readonly string[] | undefined;
  setHeader(name: string, value: string): void;
  /** Adds one more header of a name, and keeps those that exist. */
  appendHeader(name: string, value: string): void;
}

/**
 * The steps required for one session before a response may leave. Each step may return without a promise; then the
 * response is not delayed.
 */
export interface ResponseHook {
  /** Called before the first byte is sent. A rejection replaces the response by an error. */
  store(status: number): void | Promise<void>;
  /**
   * Called when every hook of the response has stored, or one has failed. Does not repeat headers that it has added
   * already.
   */
  addHeaders(head: ResponseHead): void;
  /** Called before the end, unless that is also the first byte. A rejection breaks the connection off. */
  beforeEnd(): void | Promise<void>;
  /**
   * Called when the response fails because of this session or another one: changes not stored are discarded. Never
   * rejects.
   */
  abandon(): void | Promise<void>;
}
