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
    <main>
      <h1>{`hello ${user}, ${visits} visits`}</h1>
      <form method="post" action={signIn.url} encType="multipart/form-data">
        <label>
          name <input name="user" required />
        </label>
        <button type="submit">sign in</button>
      </form>
      <form method="post" action="/sign-out">
        <button type="submit">sign out</button>
      </form>
    </main>
  );
}
