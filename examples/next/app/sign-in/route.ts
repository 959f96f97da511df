import { redirect } from "next/navigation";
import type { NextRequest } from "next/server";
import { changeSession } from "../../lib/session";

export async function POST(request: NextRequest) {
  await changeSession(async (session) => {
    session.set("user", request.nextUrl.searchParams.get("user") ?? "");
    await session.regenerate();
  });
  redirect("/");
}
