import { createFileRoute, redirect } from "@tanstack/react-router";
import { createServerFn } from "@tanstack/react-start";

const state = createServerFn().handler(({ context: { session } }) => ({
  user: session.get("user") ?? "nobody",
  visits: session.get("visits") ?? 0,
}));

const signIn = createServerFn({ method: "POST" })
  .validator((form: FormData) => String(form.get("user")))
  .handler(async ({ context: { session }, data: user }) => {
    session.set("user", user);
    await session.regenerate(); // A new id for a new right.
    throw redirect({ to: "/", statusCode: 303 });
  });

export const Route = createFileRoute("/")({
  loader: () => state(),
  component: Page,
});

function Page() {
  const { user, visits } = Route.useLoaderData();
  return (
    <form method="post" action={signIn.url} encType="multipart/form-data">
      hello {user}, {visits} visits
      <input name="user" aria-label="user" />
    </form>
  );
}
