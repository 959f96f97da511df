import { redirect } from "react-router";
import type { Route } from "./+types/sign-out";
import { sessionContext } from "./session.server";

export async function action({ context }: Route.ActionArgs) {
  await (await context.get(sessionContext)()).destroy();
  return redirect("/", 303);
}
