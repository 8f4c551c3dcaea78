// Keeps pages of what is going on true: while somebody looks, the page is asked for anew every few
// seconds, and its live parts are put in place of the old ones.

const PAUSE = 5000;
const SLOWEST = 60000;

let pause = PAUSE;

async function freshen() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(answer.status);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-fresh]")) {
    const anew = page.getElementById(part.id);
    const isRead = part.contains(document.activeElement) || part.querySelector("details[open]");
    if (anew && !isRead && anew.innerHTML !== part.innerHTML) part.replaceWith(anew);
  }
  document.dispatchEvent(new Event("coprbox:fresh"));
}

async function again() {
  if (!document.hidden) {
    try {
      await freshen();
      pause = PAUSE;
    } catch {
      // The server rests, or the network does: ask less and less often.
      pause = Math.min(pause * 2, SLOWEST);
    }
  }
  setTimeout(again, pause);
}

setTimeout(again, pause);
