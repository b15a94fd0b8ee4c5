// Sections that unfold: links open what they point into, and one button opens or closes them all.
"use strict";

const PARTS = [...document.querySelectorAll("details.part")];

function show(target) {
  for (let part = target.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
  target.scrollIntoView();
}

function showLinked() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target) show(target);
}

// Calls `make` once the part around an element is open; at once where there is none.
function whenOpen(element, make) {
  const part = element.closest("details.part");
  if (!part || part.open) make();
  else part.addEventListener("toggle", make, { once: true });
}

window.addEventListener("hashchange", showLinked);
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  if (link && link.hash === location.hash) showLinked(); // the same link again changes no hash
});
showLinked();

const unfold = document.querySelector("button.unfold");
const nameUnfold = () => {
  unfold.textContent = PARTS.every((part) => part.open) ? "Fold all" : "Unfold all";
};
unfold.addEventListener("click", () => {
  const isOpen = !PARTS.every((part) => part.open);
  for (const part of PARTS) part.open = isOpen;
});
for (const part of PARTS) part.addEventListener("toggle", nameUnfold);
unfold.hidden = false;
