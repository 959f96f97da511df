/** The HTML of the login site. Values are escaped by the `html` tag; only what it made itself goes in as it is. */

interface Html {
  readonly text: string;
}
type Part = Html | string | number | readonly Html[];

/** What a session holds, to be shown. */
export interface Held {
  readonly user?: string | undefined;
  readonly visits?: number | undefined;
  readonly cart?: readonly string[] | undefined;
  readonly device?: string | undefined;
}

/** One place where a user is signed in. */
export interface Device {
  readonly name: string;
  /** Names it in the form of its button. */
  readonly handle: string;
  readonly since: Date;
  /** When something of it was last stored. */
  readonly seen: Date;
  /** Whether it is the one that asks. */
  readonly here: boolean;
}

export const products = [
  {
    id: "sourdough",
    name: "Sourdough",
    note: "Baked this morning",
    icon: `<path d="M4 13c0-4 3.6-6.5 8-6.5s8 2.5 8 6.5c0 1.7-.9 2.6-2 3v1.5H6V16c-1.1-.4-2-1.3-2-3Z"/><path d="m9 9 1.5 2.5M12.5 8.5l1.5 2.5M16 9.5l1 2"/>`,
  },
  {
    id: "olives",
    name: "Olives",
    note: "Green, in brine",
    icon: `<ellipse cx="11" cy="14" rx="6" ry="5"/><circle cx="14" cy="13" r="1.3"/><path d="M11 9c.5-2.5 2.5-4.5 6-5 .5 2.5-1 5-4 5.3"/>`,
  },
  {
    id: "coffee",
    name: "Coffee",
    note: "Whole beans",
    icon: `<ellipse cx="12" cy="12" rx="5.5" ry="8" transform="rotate(35 12 12)"/><path d="M16 5.8c-1 3-5.5 3-5 6.5s-2.5 3.5-3 6"/>`,
  },
] as const;

/** Why somebody sees the form to sign in. */
export interface SignInReason {
  /** The name that came with a wrong password. */
  readonly retry?: string | undefined;
  /** Whether a session ended under a page that was still open. */
  readonly wasSignedOut?: boolean;
  readonly held: Held;
}

/** For whoever is not signed in. The field that is to be filled in has the focus. */
export function signInPage(password: string, { retry, wasSignedOut = false, held }: SignInReason): Html {
  const isNamed = retry !== undefined && retry !== "";
  const isWrong = isNamed ? "That password is wrong. The right one is shown below." : "Please give a name.";
  const said = wasSignedOut ? "You were signed out, here or on another device. Sign in again to go on." : isWrong;
  const alert = html`<p class="error" id="said" role="alert">${said}</p>`;
  const invalid = html`aria-invalid="true" autofocus`;
  return layout(
    wasSignedOut ? "Signed out" : "Sign in",
    html`
      <div class="columns">
        <div class="intro">
          <h1>Sign in, and watch the session.</h1>
          <p class="lead">A small site with everything a session is for. Each page shows what yours holds.</p>
        </div>
        <div class="stack">
          <section class="card" aria-labelledby="sign-in">
            <h2 id="sign-in">Who are you?</h2>
            <form class="fields" method="post" action="/sign-in">
              ${retry === undefined && !wasSignedOut ? "" : alert}
              <label for="name">Name</label>
              <input id="name" name="name" value="${retry ?? ""}" required maxlength="40" autocomplete="username" autocapitalize="words" spellcheck="false" ${retry === "" ? html`${invalid} aria-describedby="said"` : ""}>
              <label for="password">Password</label>
              <input id="password" name="password" type="password" required autocomplete="current-password" ${isNamed ? html`${invalid} aria-describedby="said hint"` : html`aria-describedby="hint"`}>
              <p class="hint" id="hint">This is a demo. The password is <code>${password}</code></p>
              <button class="primary" type="submit">Sign in</button>
            </form>
          </section>
          ${sessionPanel(held)}
        </div>
        <ol class="steps">
          <li><strong>Sign in.</strong> The session gets a new id; the old one leads nowhere at once.</li>
          <li><strong>Click fast.</strong> Each click in the shop is a request of its own, and the cart loses none.</li>
          <li><strong>Sign out.</strong> The session is gone, and no late request brings it back.</li>
        </ol>
      </div>`,
  );
}

export function homePage(user: string, held: Held, devices: readonly Device[]): Html {
  return layout(
    "Shop",
    html`
      <div class="columns">
        <div class="stack">
          <div class="intro">
            <h1>Hello, ${user}.</h1>
            <p class="lead">You have seen this page <strong id="visits">${count(held.visits ?? 0, "time", "times")}</strong>. Reload, and it is one more: never two, never none.</p>
          </div>
          <section class="card" aria-labelledby="shop">
            <h2 id="shop">Shop</h2>
            <p class="hint">Click as fast as you like. Clicks do not wait for each other.</p>
            <ul class="products">${products.map(productRow)}</ul>
            <div class="below">
              ${addForm("olives", 10, html`Add ten olives at once`)}
              <p class="hint" id="status" role="status"></p>
            </div>
          </section>
        </div>
        <div class="stack" id="live">${livePanels(held)}</div>
        <div class="stack">${devicesPanel(devices)}</div>
      </div>`,
    user,
  );
}

/** The panels that change with a click. */
export function livePanels(held: Held): Html {
  return html`${cartPanel(held.cart ?? [])}${sessionPanel(held)}`;
}

/** One sentence and the way back. */
export function messagePage(message: string): Html {
  return layout(
    "Sorry",
    html`<div class="intro"><h1>${message}</h1><p class="lead"><a href="/">Back to the start</a></p></div>`,
  );
}

function productRow({ id, name, note, icon }: (typeof products)[number]): Html {
  return html`
    <li>
      <svg class="icon ${id}" viewBox="0 0 24 24" aria-hidden="true">${trusted(icon)}</svg>
      <div><strong>${name}</strong><span class="hint">${note}</span></div>
      ${addForm(id, 1, html`Add<span class="unseen"> ${name}</span>`)}
    </li>`;
}

/** `times` is for client.js, which sends that many requests at once; without it, a form that needs it stays hidden. */
function addForm(item: string, times: number, label: Html): Html {
  return html`
    <form method="post" action="/cart" data-add="${times}" ${times > 1 ? "hidden" : ""}>
      <input type="hidden" name="item" value="${item}">
      <button type="submit">${label}</button>
    </form>`;
}

function cartPanel(cart: readonly string[]): Html {
  const kinds = [...new Set(cart)].map((name) => ({ name, number: cart.filter((item) => item === name).length }));
  const full = html`
    <ul class="cart">${kinds.map(({ name, number }) => html`<li><span>${name}</span><span class="number">${number}</span></li>`)}</ul>
    <form method="post" action="/cart/empty"><button type="submit">Empty the cart</button></form>`;
  return html`
    <section class="card" aria-labelledby="cart">
      <h2 id="cart">Cart <span class="badge" id="items">${count(cart.length, "item", "items")}</span></h2>
      ${cart.length === 0 ? html`<p class="hint">Nothing yet.</p>` : full}
    </section>`;
}

/** Whoever is signed in elsewhere can end it from here: of a phone that was lost, or a cookie that was stolen. */
function devicesPanel(devices: readonly Device[]): Html {
  const elsewhere = html`
    <form method="post" action="/sign-out-elsewhere"><button type="submit">Sign out everywhere else</button></form>`;
  return html`
    <section class="card" aria-labelledby="devices">
      <h2 id="devices">Your devices <span class="badge">${count(devices.length, "device", "devices")}</span></h2>
      <ul class="devices">${devices.map(deviceRow)}</ul>
      ${devices.length > 1 ? elsewhere : html`<p class="hint">Sign in from another browser, and it is listed here.</p>`}
    </section>`;
}

function deviceRow({ name, handle, since, seen, here }: Device): Html {
  const button = html`
    <form method="post" action="/sign-out-device">
      <input type="hidden" name="handle" value="${handle}">
      <button type="submit">Sign out<span class="unseen"> ${name}, since ${timeOf(since)}</span></button>
    </form>`;
  return html`
    <li>
      <div>
        <span>${name}${here ? html` <strong>this one</strong>` : ""}</span>
        <span class="hint">since ${timeOf(since)}, last seen ${timeOf(seen)}</span>
      </div>
      ${here ? "" : button}
    </li>`;
}

/** client.js writes it in the reader's own language and time zone, which a server does not know. */
function timeOf(time: Date): Html {
  const text = time.toISOString();
  return html`<time datetime="${text}">${text.slice(0, 10)} ${text.slice(11, 16)} UTC</time>`;
}

function sessionPanel(held: Held): Html {
  const json = JSON.stringify(held, null, 2);
  return html`
    <section class="card held" aria-labelledby="held">
      <h2 id="held">What the session holds now</h2>
      <pre tabindex="0" aria-label="The session as JSON" role="group"><code id="session">${highlighted(json)}</code></pre>
      <p class="hint">Its id is in a cookie that no script can read. The store knows only a hash of it.</p>
    </section>`;
}

/** JSON in three colours: names, strings, and the other values. */
function highlighted(json: string): Html {
  const tokens = json.split(/("(?:[^"\\]|\\.)*"(?:\s*:)?|[\w.+-]+)/);
  const kindOf = (token: string) => (token.endsWith(":") ? "name" : token.startsWith('"') ? "string" : "value");
  const coloured = tokens.map((token, i) =>
    i % 2 === 1 ? html`<span class="${kindOf(token)}">${token}</span>` : html`${token}`,
  );
  return html`${coloured}`;
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

function layout(title: string, main: Html, user?: string): Html {
  const signedIn = html`
    <form class="account" method="post" action="/sign-out">
      <span class="who hint"><span>Signed in as </span><strong id="user">${user ?? ""}</strong></span>
      <button type="submit">Sign out</button>
    </form>`;
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>${title} · Login site</title>
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <link rel="icon" href="${favicon}">
    <link rel="stylesheet" href="/style.css">
    ${user === undefined ? "" : html`<script type="module" src="/client.js"></script>`}
  </head>
  <body>
    <a class="skip" href="#main">Skip to the content</a>
    <header>
      <a class="brand" href="/"><svg viewBox="0 0 32 32" aria-hidden="true">${trusted(mark)}</svg>Login site</a>
      ${user === undefined ? "" : signedIn}
    </header>
    <main id="main" tabindex="-1">${main}</main>
    <footer><p class="hint">Sessions are kept in the memory of this process and end with it.</p></footer>
  </body>
</html>
`;
}

const mark = `<rect width="32" height="32" rx="9" fill="#0f766e"/><circle cx="12" cy="16" r="4.5" fill="none" stroke="#fff" stroke-width="2.5"/><path d="M16.5 16H26m-3.5 0v4" fill="none" stroke="#fff" stroke-width="2.5" stroke-linecap="round"/>`;
const favicon = `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${mark}</svg>`)}`;

function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return trusted(strings.reduce((text, string, i) => text + rendered(parts[i - 1] ?? "") + string));
}

function rendered(part: Part): string {
  if (typeof part === "string" || typeof part === "number") return escaped(String(part));
  return "text" in part ? part.text : part.map(({ text }) => text).join("");
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Only for text written in this file. */
function trusted(text: string): Html {
  return { text };
}
