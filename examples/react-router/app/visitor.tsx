import { Outlet } from "react-router";
import type { Route } from "./+types/visitor";
import { sessionContext, sessionMiddleware } from "./session.server";

export const middleware: Route.MiddlewareFunction[] = [sessionMiddleware];

/** Runs at the same time as the loader of the page. */
export async function loader({ context, url }: Route.LoaderArgs) {
  const session = await context.get(sessionContext)();
  if (url.searchParams.has("visit")) session.set("visits", (session.get("visits") ?? 0) + 1);
  return { isSignedIn: session.has("user") };
}

export default function Visitor({ loaderData }: Route.ComponentProps) {
  return (
    <main>
      <Outlet />
      {loaderData.isSignedIn && (
        <form action="/sign-out" method="post">
          <button type="submit">sign out</button>
        </form>
      )}
    </main>
  );
}
