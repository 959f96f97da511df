import { redirect } from "react-router";
import type { Route } from "./+types/sign-in";
import { sessionContext } from "./session.server";

export async function action({ context, url }: Route.ActionArgs) {
  const session = await context.get(sessionContext)();
  session.set("user", url.searchParams.get("user") ?? "");
  await session.regenerate();
  return redirect("/", 303);
}
