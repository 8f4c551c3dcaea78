// The build page while something is going on: the log grows, and what the page says stays true.
//
// The server sends lines as they are written (event "log", id = the byte after them; the lines are
// a list in JSON: a text for a plain line, pairs of classes and text for a coloured one), a word
// whenever a state changes (event "state"), and "end" when the log is complete. On a state the
// page is asked for anew and its live parts are put in place of the old ones, so that there is
// one description of how a state looks, the server's.

const KEEP = 4000;
// A new stage begins; runner::log::Stage has them all.
const STAGE = /^(Executing\(%|Start: |Processing files: |Finish: rpmbuild)/;

function followLog(box) {
  const scroll = box.querySelector(".scroll");
  const text = box.querySelector("pre");
  const pulse = box.querySelector(".pulse");
  const button = box.querySelector("button.follow");
  const earlier = box.querySelector(".earlier");
  let following = true;
  let ours = 0;
  let cut = 0;
  let held = [];
  let next = Number(text.dataset.next) || 1;

  const show = (word, live) => {
    pulse.textContent = word;
    pulse.classList.toggle("live", live);
  };
  const toEnd = () => {
    ours = performance.now();
    scroll.scrollTop = scroll.scrollHeight;
  };
  const setFollowing = (on) => {
    following = on;
    button.textContent = on ? "Pause" : "Follow";
    button.setAttribute("aria-pressed", String(on));
    if (on) {
      flush();
      toEnd();
    }
  };
  const flush = () => {
    if (held.length === 0) return;
    if (held.length > KEEP) {
      cut += held.length - KEEP;
      held = held.slice(-KEEP);
    }
    // A node for each line, so that the first ones can go.
    const lines = document.createDocumentFragment();
    for (const line of held) lines.append(row(line));
    text.append(lines);
    held = [];
    while (text.childNodes.length > 3 * KEEP) {
      text.firstChild.remove();
      cut += 1;
    }
    if (cut > 0 && earlier) earlier.hidden = false;
    if (following) toEnd();
  };

  // A line with its number, as the server writes it.
  const row = ([number, line]) => {
    const parts = document.createElement("span");
    const link = document.createElement("a");
    link.id = `L${number}`;
    link.href = `#L${number}`;
    link.textContent = number;
    parts.append(link);
    if (typeof line === "string") {
      parts.append(line);
    } else {
      for (const [names, words] of line) {
        const piece = document.createElement("span");
        piece.className = names;
        piece.textContent = words;
        parts.append(piece);
      }
    }
    parts.append("\n");
    return parts;
  };

  button.hidden = false;
  button.addEventListener("click", () => setFollowing(!following));
  scroll.addEventListener("scroll", () => {
    if (performance.now() - ours < 150) return;
    const atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 40;
    if (atEnd !== following) setFollowing(atEnd);
  });
  const wanted = /^#L\d+$/.test(location.hash) ? location.hash.slice(1) : null;
  if (wanted && document.getElementById(wanted)) setFollowing(false);
  else if (wanted && box.dataset.page && !box.classList.contains("whole")) {
    // A line that has scrolled out of this part: the log's own page has it.
    location.replace(`${box.dataset.page}?line=${wanted.slice(1)}#${wanted}`);
  } else if (!box.classList.contains("whole") || box.dataset.live) toEnd();
  else if (!location.search) box.scrollIntoView({ block: "end" });

  if (!box.dataset.live) {
    button.hidden = true;
    return;
  }
  const source = new EventSource(box.dataset.live);
  source.addEventListener("open", () => show("live", true));
  source.addEventListener("error", () => show("connecting again", false));
  source.addEventListener("log", (event) => {
    for (const line of JSON.parse(event.data)) {
      held.push([next++, line]);
      if (typeof line === "string" && STAGE.test(line)) freshen();
    }
    // Held back while paused, so that what is being read stays where it is.
    if (following) requestAnimationFrame(flush);
  });
  source.addEventListener("state", freshen);
  source.addEventListener("end", () => {
    source.close();
    setFollowing(following);
    flush();
    show("complete", false);
    button.hidden = true;
    freshen();
  });
}

let waiting = null;

// Several chroots often change at once: ask for the page once for all of them.
function freshen() {
  waiting ??= setTimeout(async () => {
    waiting = null;
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
      if (anew && !part.contains(document.activeElement)) part.replaceWith(anew);
    }
    document.title = page.title;
    document.dispatchEvent(new Event("coprbox:fresh"));
  }, 250);
}

for (const box of document.querySelectorAll(".log")) followLog(box);
