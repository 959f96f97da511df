/** Decides which names a header of an application may have. */

/** Whole families, such as `Content-Length`, `If-Match`, `Proxy-Authorization` or nginx's `X-Accel-Redirect`. */
const families =
  /^(?:accept|access-control|alt|content|cross-origin|if|proxy|sec|x-accel|x-content|x-forwarded|x-http-method|x-original)-/;

/**
 * Fields with a meaning for clients, servers, caches or proxies: those in use from the IANA registry of HTTP field
 * names, and well-known ones without an entry.
 */
const taken = new Set(
  `accept age allow authentication-info authorization baggage cache-control cache-status cdn-cache-control
  clear-site-data connection cookie cookie2 critical-ch date dav depth destination deprecation digest dnt early-data
  etag expect expires forwarded from host http2-settings keep-alive last-modified link location lock-token
  max-forwards nel origin origin-agent-cluster overwrite permissions-policy pragma prefer preference-applied priority
  range referer referrer-policy refresh report-to reporting-endpoints repr-digest retry-after server server-timing
  set-cookie set-cookie2 signature signature-input sourcemap status strict-transport-security sunset
  surrogate-capability surrogate-control te timeout timing-allow-origin tk traceparent tracestate trailer
  transfer-encoding upgrade upgrade-insecure-requests user-agent vary via want-digest want-repr-digest warning
  www-authenticate x-dns-prefetch-control x-frame-options x-lighttpd-send-file x-permitted-cross-domain-policies
  x-powered-by x-real-ip x-requested-with x-rewrite-url x-robots-tag x-sendfile x-ua-compatible x-xss-protection`.split(
    /\s+/,
  ),
);

/** Whether a header has no meaning other than the application's. */
export function isFreeHeader(name: string): boolean {
  const lower = name.toLowerCase();
  return !taken.has(lower) && !families.test(lower);
}
