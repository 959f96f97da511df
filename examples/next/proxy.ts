import { type NextRequest, NextResponse } from "next/server";
import { handleProxy } from "./lib/session";

export const proxy = (request: NextRequest) =>
  handleProxy(request, (session) => {
    const { pathname, searchParams } = request.nextUrl;
    if (pathname === "/members" && !session.has("user")) return NextResponse.redirect(new URL("/", request.url), 303);
    if (searchParams.has("visit")) session.set("visits", (session.get("visits") ?? 0) + 1);
    return undefined; // The request goes on.
  });

export const config = { matcher: ["/", "/members"] };
