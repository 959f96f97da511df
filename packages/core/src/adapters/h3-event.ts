/** What both versions of h3 have in common. */

const ours = Symbol.for("@sess/core/h3");
export type Given = { readonly session: unknown; readonly [ours]: string | null | undefined };

export function give(context: object, cookie: string | null | undefined, session: unknown): void {
  Object.assign(context, { session, [ours]: cookie });
}

/**
 * Whether a call within the server has the context of the request for which it is made, and the same cookies. Its session
 * is then that request's, whose response can set a cookie.
 */
export function has(context: unknown, cookie: string | null | undefined): context is Given {
  return typeof context === "object" && context !== null && ours in context && context[ours] === cookie;
}
