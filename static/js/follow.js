// A page that follows what happens in its project: whenever a build has moved on, the page is asked
// for anew and its live parts are put in place of the old ones, so that there is one description of
// how a state looks, the server's.

let asked = null;
let again = false;

async function freshen() {
  let answer;
  try {
    answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  } catch {
    return;
  }
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-fresh]")) {
    const anew = page.getElementById(part.id);
    if (!anew || anew.innerHTML === part.innerHTML) continue;
    replace(part, anew);
  }
  document.dispatchEvent(new Event("coprbox:fresh"));
}

// Where one is stays where it is: the link in focus, and how far was scrolled.
function replace(part, anew) {
  const held = part.contains(document.activeElement) ? document.activeElement : null;
  const place = held?.closest("a[href]")?.getAttribute("href");
  const scrolled = [...part.querySelectorAll("[tabindex]")].map((box) => [box.scrollTop, box.scrollLeft]);
  part.replaceWith(anew);
  [...anew.querySelectorAll("[tabindex]")].forEach((box, at) => {
    if (scrolled[at]) [box.scrollTop, box.scrollLeft] = scrolled[at];
  });
  if (place) anew.querySelector(`a[href="${place.replaceAll("\"", "\\\"")}"]`)?.focus({ preventScroll: true });
}

// Several things often happen at once: ask for the page once for all of them, and once more when
// something happened meanwhile.
async function soon() {
  if (asked) {
    again = true;
    return;
  }
  asked = freshen();
  await asked;
  asked = null;
  if (again) {
    again = false;
    setTimeout(soon, 1000);
  }
}

const follow = document.querySelector("[data-live]");
if (follow) {
  let source = null;
  const open = () => {
    source = new EventSource(follow.dataset.live);
    source.addEventListener("state", soon);
  };
  // A page that nobody looks at keeps no connection, and catches up when it is looked at again.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      source?.close();
      source = null;
    } else if (!source) {
      open();
      soon();
    }
  });
  if (!document.hidden) open();
}
