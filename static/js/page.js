// What every page gets once JavaScript is there: copy buttons, and times that stay true.

function addCopyButtons(root) {
  if (!navigator.clipboard) return;
  for (const command of root.querySelectorAll(".command:not(:has(.copy))")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", "Copy the command");
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(command.querySelector("code").textContent);
      } catch {
        return;
      }
      button.textContent = "Copied";
      button.classList.add("done");
      setTimeout(() => {
        button.textContent = "Copy";
        button.classList.remove("done");
      }, 1600);
    });
    command.append(button);
  }
}

// The same steps as `ago` in src/web/filters.rs.
const STEPS = [
  [60, 1, "second"],
  [3600, 60, "minute"],
  [86400, 3600, "hour"],
  [86400 * 14, 86400, "day"],
  [86400 * 60, 86400 * 7, "week"],
  [86400 * 730, 86400 * 30, "month"],
  [Infinity, 86400 * 365, "year"],
];

function ago(seconds) {
  if (seconds < 10) return "just now";
  const [, size, word] = STEPS.find(([limit]) => seconds < limit);
  const number = Math.floor(seconds / size);
  return `${number} ${word}${number === 1 ? "" : "s"} ago`;
}

function span(seconds) {
  const parts = [
    [Math.floor(seconds / 3600), "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ];
  const first = parts.findIndex(([n]) => n > 0);
  if (first < 0) return "0\u00a0s";
  return parts.slice(first, first + 2).map(([n, unit]) => `${n}\u00a0${unit}`).join("\u00a0");
}

function refreshTimes() {
  const now = Date.now() / 1000;
  for (const time of document.querySelectorAll("time[datetime]")) {
    const then = Date.parse(time.dateTime) / 1000;
    if (Number.isNaN(then)) continue;
    const passed = Math.max(0, Math.floor(now - then));
    time.textContent = "span" in time.dataset ? span(passed) : ago(passed);
  }
}

addCopyButtons(document);
refreshTimes();
setInterval(refreshTimes, document.querySelector("time[data-span]") ? 1000 : 20000);

// A menu closes when one turns elsewhere.
for (const event of ["click", "focusin", "keydown"]) {
  document.addEventListener(event, ({ key, target }) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (event === "keydown" ? key === "Escape" : !menu.contains(target)) menu.open = false;
    }
  });
}

// Parts that live.js and fresh.js put in anew want their buttons too.
document.addEventListener("coprbox:fresh", () => {
  addCopyButtons(document);
  refreshTimes();
});

// Where tabs do not fit, the open one is the one to see.
for (const open of document.querySelectorAll(".tabs [aria-current]")) {
  const tabs = open.parentElement;
  tabs.scrollLeft = open.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - open.offsetWidth) / 2;
}
