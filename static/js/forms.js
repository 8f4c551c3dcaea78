// What forms gain from JavaScript: boxes ticked many at a time, and focus on what went wrong.

function addPicks(group) {
  const boxes = [...group.querySelectorAll("input[type=checkbox]")];
  if (boxes.length < 3) return;
  const arches = new Map();
  for (const box of boxes) {
    const arch = box.value.split("-").pop();
    arches.set(arch, [...(arches.get(arch) ?? []), box]);
  }
  const row = document.createElement("div");
  row.className = "picks";
  const add = (text, act) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button second tiny";
    button.textContent = text;
    button.addEventListener("click", act);
    row.append(button);
  };
  add("All", () => boxes.forEach((box) => (box.checked = true)));
  add("None", () => boxes.forEach((box) => (box.checked = false)));
  if (arches.size > 1) {
    for (const [arch, some] of arches) {
      if (some.length < 2) continue;
      add(arch, () => {
        const on = !some.every((box) => box.checked);
        some.forEach((box) => (box.checked = on));
      });
    }
  }
  group.querySelector(".grid")?.before(row);
}

for (const group of document.querySelectorAll("[data-picks]")) addPicks(group);
document.getElementById("refusal")?.focus();
