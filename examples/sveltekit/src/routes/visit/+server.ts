import type { RequestHandler } from "./$types";

export const POST: RequestHandler = async ({ locals }) => {
  const session = await locals.session();
  return new Response(String(await session.update("visits", (visits) => (visits ?? 0) + 1)));
};
