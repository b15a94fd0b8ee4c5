// The leader table of a data set under the protocol that the reader chooses, compared with the method that the reader chooses.
"use strict";

const LEADERS = readJson("leaders");
const { words: WORDS, reference: IDENTITY } = readJson("measures");

function small(text) {
  const element = document.createElement("small");
  element.textContent = text;
  return element;
}

// In the place of an interval: of so few there is none.
function few(photographs) {
  return `${NOTHING} (${photographs} photograph${photographs === 1 ? "" : "s"})`;
}

function showMean(cell, measure, position, view, withInterval) {
  const [mean, low, high, photographs] = view.means[measure]?.[position] ?? [null, null, null, null];
  const { digits } = WORDS[measure];
  cell.textContent = number(mean, digits);
  if (!withInterval || mean === null) return;
  cell.append(small(low === null ? few(photographs) : `${number(low, digits)} to ${number(high, digits)}`));
}

function showChange(cell, measure, pair) {
  cell.className = "";
  cell.textContent = NOTHING;
  if (!pair || pair.difference === null) return;
  const { digits, rises } = WORDS[measure];
  const better = rises ? pair.side : -pair.side;
  cell.className = better > 0 ? "better" : better < 0 ? "worse" : "";
  cell.textContent = signed(pair.difference, digits);
  cell.append(small(pair.low === null ? few(pair.few) : `${signed(pair.low, digits)} to ${signed(pair.high, digits)}`));
}

function showLeaders(table, convention, reference) {
  const { methods, conventions, chosen } = LEADERS[table.dataset.dataset];
  const view = conventions[convention];
  const columns = [...table.tHead.rows[0].cells].map((cell) => cell.dataset.shows?.split(" ") ?? []);
  const rows = new Map([...table.querySelectorAll("tbody tr[data-method]")].map((row) => [row.dataset.method, row]));
  const against = methods.indexOf(reference);
  const unscored = [...rows.keys()].filter((method) => !methods.includes(method)); // numbers from elsewhere on other data sets
  for (const method of [...view.order.map((position) => methods[position]), ...unscored]) {
    const [row, position] = [rows.get(method), methods.indexOf(method)];
    columns.forEach(([kind, measure, more], index) => {
      const cell = row.cells[index];
      const pair = position < 0 || against < 0 ? null : pairOf(view.pairs[measure], position, against, methods.length);
      if (kind === "mean") showMean(cell, measure, position, view, more === "interval");
      if (kind === "change") showChange(cell, measure, pair);
      if (kind === "p") cell.textContent = pValue(pair ? pair.p : null);
      if (kind === "worse") cell.textContent = percent(pair ? pair.losses : null);
    });
    row.parentElement.append(row); // forms as published stay in their part
  }
  const order = view.means.fmse ? "lowest fMSE first" : "highest PSNR first";
  table.caption.querySelector(".order").textContent = order;
  table.caption.querySelector(".compared").textContent = reference;
  return `Counted as ${convention.replaceAll("_", " ")}, compared with ${reference}; ${order}. Chosen on validation photographs: ${chosen ?? "none"}.`;
}

function makeChoosable(choices) {
  const table = document.querySelector(`table.leaders[data-dataset="${CSS.escape(choices.dataset.leaders)}"]`);
  const [convention, reference] = choices.querySelectorAll("select");
  const status = choices.querySelector("[role=status]");
  const show = () => {
    status.textContent = showLeaders(table, convention.value, reference.value);
  };
  for (const select of [convention, reference]) select.addEventListener("input", show);
  choices.hidden = false;
}

for (const choices of document.querySelectorAll(".choices[data-leaders]")) makeChoosable(choices);
