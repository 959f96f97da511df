import type { Route } from "./+types/visit";
import { sessionContext } from "./session.server";

export async function action({ context }: Route.ActionArgs) {
  const session = await context.get(sessionContext)();
  return new Response(String(await session.update("visits", (visits) => (visits ?? 0) + 1)));
}
