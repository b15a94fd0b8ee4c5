// What the page can do beyond standing still; without this script everything is there, only not side by side.
"use strict";

const COMPOSITE = "composite";

// A before/after slider over two pictures of a case, chosen from its strip.
function makeComparable(figure) {
  const items = [...figure.querySelectorAll(".strip li")];
  const pictures = new Map(items.map((item) => [item.querySelector("b").textContent, item.querySelector("img").src]));
  const box = document.querySelector("#compare").content.cloneNode(true).querySelector(".compare");
  const [under, over] = [new Image(), new Image()];
  over.className = "over";
  box.querySelector(".stage").append(under, over);
  const [left, right] = box.querySelectorAll("select");
  const slider = box.querySelector("input[type=range]");
  const zoom = box.querySelector("input[type=checkbox]");
  for (const select of [left, right]) {
    for (const name of pictures.keys()) select.add(new Option(name, name));
  }
  left.value = COMPOSITE;
  right.value = pictures.has(figure.dataset.judged) ? figure.dataset.judged : "real";
  const show = () => {
    over.src = pictures.get(left.value);
    over.alt = left.value;
    under.src = pictures.get(right.value);
    under.alt = right.value;
    slider.setAttribute("aria-label", `How much of ${left.value} covers ${right.value}, in percent`);
    box.style.setProperty("--at", `${slider.value}%`);
    box.classList.toggle("zoomed", zoom.checked);
  };
  for (const control of [left, right, slider, zoom]) control.addEventListener("input", show);
  for (const item of items) {
    item.querySelector("button").addEventListener("click", () => {
      right.value = item.querySelector("b").textContent;
      show();
    });
  }
  show();
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
    for (const item of list.querySelectorAll(".strip li[data-method]")) {
      item.hidden = wanted.length > 0 && !wanted.some((word) => item.dataset.method.toLowerCase().includes(word));
      if (!item.hidden) kept.add(item.dataset.method);
    }
    status.textContent = wanted.length > 0 ? `${kept.size} methods shown` : "";
  };
  order.addEventListener("input", sort);
  words.addEventListener("input", filter);
  tools.hidden = false;
}

for (const figure of document.querySelectorAll(".case")) makeComparable(figure);
for (const tools of document.querySelectorAll(".tools")) makeSortable(tools);
