// Day, night, or as the system has it. Loaded in the head, so that a page never flashes.
(() => {
  const root = document.documentElement;
  const order = ["auto", "light", "dark"];
  const words = { auto: "as the system", light: "light", dark: "dark" };
  let choice = "auto";
  try {
    choice = localStorage.getItem("theme") ?? "auto";
  } catch {
    // Storage may be switched off; the choice then lasts for one page.
  }

  const apply = () => {
    if (!order.includes(choice)) choice = "auto";
    if (choice === "auto") delete root.dataset.theme;
    else root.dataset.theme = choice;
  };
  apply();

  addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector(".theme");
    if (!button) return;
    const tell = () => {
      button.setAttribute("aria-label", `Colours: ${words[choice]}`);
      button.title = `Colours: ${words[choice]}`;
    };
    button.hidden = false;
    tell();
    button.addEventListener("click", () => {
      choice = order[(order.indexOf(choice) + 1) % order.length];
      try {
        localStorage.setItem("theme", choice);
      } catch {
        // As above.
      }
      apply();
      tell();
    });
  });
})();
