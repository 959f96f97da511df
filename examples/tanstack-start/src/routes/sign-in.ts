import { createFileRoute } from "@tanstack/react-router";

export const Route = createFileRoute("/sign-in")({
  server: {
    handlers: {
      POST: async ({ context: { session }, request }) => {
        session.set("user", new URL(request.url).searchParams.get("user") ?? "somebody");
        await session.regenerate(); // A new id for a new right.
        return Response.redirect(new URL("/", request.url), 303);
      },
    },
  },
});
