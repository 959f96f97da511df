import type { RequestHandler } from "./$types";

export const POST: RequestHandler = async ({ locals }) => {
  await (await locals.session()).destroy();
  return new Response(null, { status: 204 });
};
