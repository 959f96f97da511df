import type { APIRoute } from "astro";

export const POST: APIRoute = async ({ locals, url, redirect }) => {
  locals.session.set("user", url.searchParams.get("user") ?? "");
  await locals.session.regenerate();
  return redirect("/", 303);
};
