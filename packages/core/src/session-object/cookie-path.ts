import type { IncomingMessage } from "node:http";

/** Whether a browser would not send a cookie of this path with the request (RFC 6265, section 5.1.4). */
export function isElsewhere(req: IncomingMessage & { readonly originalUrl?: string }, path: string): boolean {
  const asked = (req.originalUrl ?? req.url ?? "").split("?", 1)[0] ?? "";
  const folder = path.endsWith("/") ? path : `${path}/`;
  return path !== "/" && asked !== path && !asked.startsWith(folder);
}
