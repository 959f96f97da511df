import { redirect } from "@sveltejs/kit";
import type { RequestHandler } from "./$types";

export const POST: RequestHandler = async ({ locals, url }) => {
  const session = await locals.session();
  session.set("user", url.searchParams.get("user") ?? "");
  await session.regenerate();
  redirect(303, "/");
};
