import { createFileRoute } from "@tanstack/react-router";

export const Route = createFileRoute("/sign-out")({
  server: {
    handlers: {
      POST: async ({ context: { session }, request }) => {
        await session.destroy();
        return Response.redirect(new URL("/", request.url), 303);
      },
    },
  },
});
