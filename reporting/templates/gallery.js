// The gallery: a slider over two pictures of a case, the pictures that are shown on demand, and the order of the cases.
"use strict";

const COMPOSITE = "composite";

// The other pictures of a case wait as text; here they become elements, without being shown or decoded.
function othersOf(figure) {
  const details = figure.querySelector(".others");
  const waiting = details.querySelector("noscript");
  if (waiting) {
    details.waiting ??= Object.assign(document.createElement("template"), { innerHTML: waiting.textContent }).content;
    return details.waiting;
  }
  return details;
}

function showOthers(figure) {
  const waiting = figure.querySelector(".others noscript");
  if (waiting) waiting.replaceWith(othersOf(figure));
}

function addressOf(figure, name) {
  for (const root of [figure, othersOf(figure)]) {
    const item = [...root.querySelectorAll(".strip li")].find((one) => one.querySelector("b").textContent === name);
    if (item) return item.querySelector("img").src;
  }
  return "";
}

// A before/after slider over two pictures of a case. It starts with its edge on the foreground's middle.
function makeComparable(figure) {
  const shown = [...figure.querySelectorAll(":scope > .strip b")].map((title) => title.textContent);
  const names = [...shown, ...figure.querySelector(".others").dataset.names.split(" ").filter(Boolean)];
  const box = document.querySelector("#compare").content.cloneNode(true).querySelector(".compare");
  const [under, over] = [new Image(), new Image()];
  over.className = "over";
  box.querySelector(".stage").append(under, over);
  const [left, right] = box.querySelectorAll("select");
  const slider = box.querySelector("input[type=range]");
  const zoom = box.querySelector("input[type=checkbox]");
  const [middle, scale] = ["--x", "--scale"].map((name) => Number.parseFloat(figure.style.getPropertyValue(name)));
  for (const select of [left, right]) select.append(...names.map((name) => new Option(name, name)));
  left.value = COMPOSITE;
  right.value = names.includes(figure.dataset.judged) ? figure.dataset.judged : "real";
  slider.value = Math.round(middle);
  const put = () => {
    slider.setAttribute("aria-label", `How much of ${left.value} covers ${right.value}, in percent`);
    box.style.setProperty("--at", `${slider.value}%`);
  };
  const choose = () => {
    over.src = addressOf(figure, left.value);
    over.alt = left.value;
    under.src = addressOf(figure, right.value);
    under.alt = right.value;
    put();
  };
  slider.addEventListener("input", put);
  for (const select of [left, right]) select.addEventListener("input", choose);
  zoom.addEventListener("input", () => {
    const at = Number(slider.value); // the edge stays on the same point of the picture
    slider.value = Math.round(zoom.checked ? 50 + (at - middle) * scale : middle + (at - 50) / scale);
    box.classList.toggle("zoomed", zoom.checked);
    put();
  });
  figure.addEventListener("click", (event) => {
    const button = event.target.closest(".strip button");
    if (!button) return;
    right.value = button.closest("li").querySelector("b").textContent;
    choose();
  });
  figure.querySelector(".others").addEventListener("toggle", () => showOthers(figure));
  choose();
  figure.querySelector(".strip").before(box);
}

// Orders the cases of a data set, and shows only the methods whose names contain one of the words.
function makeSortable(tools) {
  const list = tools.nextElementSibling;
  const [order] = tools.querySelectorAll("select");
  const [words] = tools.querySelectorAll("input");
  const status = tools.querySelector("[role=status]");
  const value = (figure) => Number(figure.dataset[order.value.split(" ")[0]]);
  const sort = () => {
    const sign = order.value.endsWith("ascending") ? 1 : -1;
    const figures = [...list.children].sort((first, second) => sign * (value(first) - value(second)));
    list.append(...figures);
  };
  const filter = () => {
    const wanted = words.value.toLowerCase().split(/[\s,]+/).filter(Boolean);
    const kept = new Set();
    for (const figure of wanted.length > 0 ? list.children : []) {
      showOthers(figure);
      figure.querySelector(".others").open = true;
    }
    for (const item of list.querySelectorAll(".strip li[data-method]")) {
      item.hidden = wanted.length > 0 && !wanted.some((word) => item.dataset.method.toLowerCase().includes(word));
      if (!item.hidden) kept.add(item.dataset.method);
    }
    status.textContent = wanted.length > 0 ? `${kept.size} method${kept.size === 1 ? "" : "s"} shown` : "";
  };
  order.addEventListener("input", sort);
  words.addEventListener("input", filter);
  tools.hidden = false;
}

for (const figure of document.querySelectorAll(".case")) whenOpen(figure, () => makeComparable(figure));
for (const tools of document.querySelectorAll(".tools")) makeSortable(tools);
