/** The page of the site. What it says is escaped. */
export function page(said: string): string {
  const text = said.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  return `<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <title>Example</title>
  <meta name="viewport" content="width=device-width">
  <meta name="color-scheme" content="light dark">
  <link rel="icon" href="data:,">
  <main>
    <h1>${text}</h1>
    <form method="post" action="/sign-in?user=ada"><button>sign in</button></form>
    <form method="post" action="/sign-out"><button>sign out</button></form>
  </main>
</html>
`;
}
