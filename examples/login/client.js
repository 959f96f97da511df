// The site works without this file. With it, a click on "Add" does not wait for the click before: each is a request
// of its own, and as many as the browser allows are under way at once.

const status = document.querySelector("#status");
let clicks = 0;
let pending = 0;
let lost = 0;

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
    // Signed out, or in again, in another tab: the page knows what to show.
    if (response.status === 401 || response.status === 409) return location.reload();
    if (!response.ok) lost++;
  } catch {
    lost++;
  }
  pending--;
  if (pending === 0) await refresh();
}

/** Answers may overtake each other, so the cart is asked for once, when the last click is answered. */
async function refresh() {
  const asked = clicks;
  const response = await fetch("/live").catch(() => undefined);
  if (asked !== clicks) return;
  if (response?.ok) document.querySelector("#live").innerHTML = await response.text();
  const sent = clicks === 1 ? "1 click, 1 request: saved." : `${clicks} clicks, ${clicks} requests: all saved.`;
  status.textContent = lost === 0 ? sent : `${lost} of ${clicks} clicks were not saved.`;
  if (response?.status === 401) location.reload();
}
