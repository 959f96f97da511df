export default defineEventHandler(async (event) => {
  const session = await event.context.session();
  await session.destroy();
  return sendRedirect(event, "/", 303);
});
