import { type NextRequest, NextResponse } from "next/server";
import { handleProxy } from "./lib/session";

export const proxy = (request: NextRequest) =>
  handleProxy(request, async (session) => {
    const { pathname, searchParams } = request.nextUrl;
    if (pathname === "/members" && !session.has("user")) return NextResponse.redirect(new URL("/", request.url), 303);
    if (searchParams.has("visit")) session.set("visits", (session.get("visits") ?? 0) + 1);
    if (pathname !== "/devices" || request.method !== "GET") return undefined; // The request goes on.
    const headers = new Headers(request.headers);
    headers.set("x-flash", encodeURIComponent((await session.take("flash")) ?? "")); // shown once
    return NextResponse.next({ request: { headers } });
  });

export const config = {
  matcher: [
    "/",
    "/members",
    // A link that is only prefetched must not use up the message.
    { source: "/devices", missing: [{ type: "header", key: "next-router-prefetch" }] },
  ],
};
