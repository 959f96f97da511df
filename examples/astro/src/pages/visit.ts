import type { APIRoute } from "astro";

export const POST: APIRoute = async ({ locals }) =>
  new Response(String(await locals.session.update("visits", (visits) => (visits ?? 0) + 1)));
