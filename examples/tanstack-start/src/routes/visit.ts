import { createFileRoute } from "@tanstack/react-router";

export const Route = createFileRoute("/visit")({
  server: {
    handlers: {
      POST: async ({ context: { session } }) =>
        new Response(String(await session.update("visits", (visits) => (visits ?? 0) + 1))),
    },
  },
});
