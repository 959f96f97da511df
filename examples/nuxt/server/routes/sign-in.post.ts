import type { Fields } from "../fields";

export default defineEventHandler(async (event) => {
  const session = await event.context.session<Fields>();
  session.set("user", String(getQuery(event).user));
  await session.regenerate(); // A new id for a new right.
  return sendRedirect(event, "/", 303);
});
