/** The HTML of the sites that show a provider or a framework. The login site has its own. */

/** A page: its heading and its lines, which are escaped, and its forms, which are HTML. */
export function page(heading: string, lines: readonly string[], forms: string): string {
  return `<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <title>Example</title>
  <meta name="viewport" content="width=device-width">
  <meta name="color-scheme" content="light dark">
  <link rel="icon" href="data:,">
  <main>
    <h1>${escaped(heading)}</h1>
    ${lines.map((line) => `<p>${escaped(line)}</p>`).join("\n    ")}
    ${forms}
  </main>
</html>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** The page of a provider's example: who has signed in, and a form to sign in. */
export function loginPage(username: string | undefined): string {
  const form = `<form method="post"><label>Name <input name="username" maxlength="50" required></label> <button>Sign in</button></form>`;
  return page(username ? `Hello ${username}.` : "Who are you?", [], form);
}

/** What a framework's site knows of its visitor. */
interface Seen {
  readonly user: string | undefined;
  readonly visits: number | undefined;
  readonly cart: readonly string[] | undefined;
}

export function shopPage({ user, visits, cart = [] }: Seen): string {
  const forms = `<form method="post" action="/cart?item=bread"><button>Add bread</button></form>`;
  const signIn = `<form method="post" action="/sign-in?user=ada"><button>Sign in</button></form>`;
  const signOut = `<form method="post" action="/sign-out"><button>Sign out</button></form>`;
  const lines = [`Visits: ${visits}`, `Cart: ${cart.join(", ") || "empty"}`];
  return page(`Hello ${user ?? "nobody"}.`, lines, forms + (user === undefined ? signIn : signOut));
}
