import { Form, redirect } from "react-router";
import type { Route } from "./+types/home";
import { sessionContext } from "./session.server";

export async function loader({ context, url }: Route.LoaderArgs) {
  const session = await context.get(sessionContext)();
  if (url.searchParams.has("visit")) session.set("visits", (session.get("visits") ?? 0) + 1);
  return { user: session.get("user") ?? "nobody", visits: session.get("visits") ?? 0 };
}

export async function action({ context, request }: Route.ActionArgs) {
  const user = (await request.formData()).get("user");
  if (typeof user !== "string" || user === "") return { missing: "user" };
  const session = await context.get(sessionContext)();
  session.set("user", user);
  await session.regenerate(); // A new id for a new right.
  throw redirect("/", 303);
}

export default function Home({ loaderData, actionData }: Route.ComponentProps) {
  return (
    <>
      <h1>{`hello ${loaderData.user}, ${loaderData.visits} visits`}</h1>
      <Form method="post">
        <label>
          name <input name="user" required aria-invalid={actionData !== undefined} />
        </label>
        <button type="submit">sign in</button>
      </Form>
    </>
  );
}
