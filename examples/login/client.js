// The site works without this file. With it, a click on "Add" does not wait for the click before: each is a request
// of its own, and as many as the browser allows are under way at once.

const status = document.querySelector("#status");
let clicks = 0;
let pending = 0;
let lost = 0;
/** The page that says why this one cannot go on. */
let next;

const here = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
for (const time of document.querySelectorAll("time")) time.textContent = here.format(new Date(time.dateTime));

for (const form of document.querySelectorAll("form[data-add]")) {
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    for (let n = Number(form.dataset.add); n > 0; n--) add(form);
  });
}

async function add(form) {
  clicks++;
  pending++;
  status.textContent = `Saving ${pending}…`;
  try {
    const response = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    // To its end: a request that is cut off by the next page counts as failed.
    await response.text();
    heed(response);
    if (!response.ok) lost++;
  } catch {
    lost++;
  }
  pending--;
  if (pending > 0) return;
  if (next !== undefined) location.assign(next);
  else await refresh();
}

/**
 * Signed-Out: there is no user any more, who was signed out elsewhere. 409: the session has just ended, or was renewed
 * in another tab; the start page knows what to show.
 */
function heed(response) {
  if (response.headers.has("Signed-Out")) next = "/signed-out";
  if (response.status === 409) next ??= "/";
}

/** Answers may overtake each other, so the cart is asked for once, when the last click is answered. */
async function refresh() {
  const asked = clicks;
  const response = await fetch("/live").catch(() => undefined);
  if (asked !== clicks) return;
  if (response) heed(response);
  if (next !== undefined) return location.assign(next);
  if (response?.ok) document.querySelector("#live").innerHTML = await response.text();
  const sent = clicks === 1 ? "1 click, 1 request: saved." : `${clicks} clicks, ${clicks} requests: all saved.`;
  status.textContent = lost === 0 ? sent : `${lost} of ${clicks} clicks were not saved.`;
}
