// Scores image by image: their distributions, and each method's differences to a reference, as plots and as a table.
"use strict";

const SCORES = readJson("scores");
const SHOWN_AT_FIRST = 6; // those with the lowest fMSE, beside the untouched composite
const ROW_PX = 34;
const SPREAD = 20; // largest over smallest quantile from which on a logarithmic scale is offered first

function makeDistributions(section) {
  const { dataset, measure, reference, logarithmic } = section.querySelector(".choices").elements;
  const boxes = section.querySelector(".methods div");
  const [plotOfValues, plotOfDifferences] = section.querySelectorAll(".plot");
  const axis = section.querySelector(".axis");
  const table = section.querySelector("table");
  const status = section.querySelector("[role=status]");

  const own = () => SCORES[dataset.value];
  const view = () => LEADERS[dataset.value].conventions.headline;
  const shown = () => [...boxes.querySelectorAll("input:checked")].map((box) => Number(box.value));
  const isKnown = (method) => own().measures[measure.value].quantiles[own().methods.indexOf(method)]?.[0] !== null;
  const names = () => view().order.map((position) => LEADERS[dataset.value].methods[position]);
  const ordered = () => names().filter((method) => own().methods.includes(method) && isKnown(method)); // some from elsewhere are not

  function offerMethods() {
    const before = reference.value || IDENTITY;
    reference.replaceChildren(...ordered().map((method) => new Option(method, method)));
    reference.value = ordered().includes(before) ? before : IDENTITY;
    const first = new Set([IDENTITY, ...ordered().slice(0, SHOWN_AT_FIRST)]);
    const kept = boxes.children.length > 0 ? new Set(shown().map((position) => boxes.names[position])) : first;
    boxes.names = own().methods;
    boxes.replaceChildren(...ordered().map((method) => {
      const label = document.createElement("label");
      const box = document.createElement("input");
      Object.assign(box, { type: "checkbox", value: own().methods.indexOf(method), checked: kept.has(method) });
      label.append(box, ` ${method}`);
      return label;
    }));
  }

  function offerMeasures() {
    const before = measure.value || "fmse";
    const names = Object.keys(own().measures);
    measure.replaceChildren(...names.map((name) => new Option(WORDS[name].name, name)));
    measure.value = names.includes(before) ? before : names[0];
  }

  function offerLogarithm() {
    const known = own().measures[measure.value].quantiles.flat().filter((value) => value !== null);
    const smallest = Math.min(...known);
    logarithmic.disabled = smallest <= 0;
    logarithmic.checked = smallest > 0 && Math.max(...known) / smallest > SPREAD;
  }

  function draw() {
    const [scores, methods] = [own(), shown()];
    const against = scores.methods.indexOf(reference.value);
    const choice = { own: scores, leaders: LEADERS[dataset.value], measure: measure.value, methods, reference: against };
    const { name, unit, rises } = WORDS[choice.measure];
    showTable(table, choice, dataset.value);
    plotOfValues.setAttribute("aria-label", `${name} on ${dataset.value}, a box for each method; the table below has its numbers`);
    const subtraction = `${name} minus that of ${reference.value}${unit ? `, ${unit}` : ""}`;
    axis.textContent = `${subtraction} (${rises ? "above" : "below"} 0 is better)`;
    plotOfDifferences.setAttribute("aria-label", `${subtraction}, on ${dataset.value}, image by image; the table below has the mean`);
    section.querySelector(".methods summary").textContent = `Methods: ${methods.length} of ${scores.methods.length} shown`;
    const isPart = scores.n_images > scores.samples.length;
    const left = isPart ? `; the plots show ${number(scores.samples.length, 0)} of them, evenly spaced` : "";
    status.textContent = `${methods.length} methods on ${number(scores.n_images, 0)} images${left}`;
    return plotly().then((library) => {
      drawValues(library, plotOfValues, choice, logarithmic.checked);
      drawDifferences(library, plotOfDifferences, choice);
    });
  }

  const redraw = (...offers) => () => {
    for (const offer of offers) offer();
    draw();
  };
  dataset.addEventListener("input", redraw(offerMeasures, offerMethods, offerLogarithm));
  measure.addEventListener("input", redraw(offerMethods, offerLogarithm));
  for (const control of [reference, logarithmic, boxes]) control.addEventListener("input", redraw());
  for (const button of section.querySelectorAll(".methods button")) {
    button.addEventListener("click", () => {
      for (const box of boxes.querySelectorAll("input")) box.checked = button.value === "all";
      draw();
    });
  }
  offerMeasures();
  offerMethods();
  offerLogarithm();
  for (const part of section.querySelectorAll("[hidden]")) part.hidden = false;
  drawWhenNear(section, draw);
}

// A box from the 25 % to the 75 % quantile with the median, whiskers to 5 and 95 %, and every image beyond them as a dot.
function drawValues(library, place, { own, measure, methods }, isLogarithmic) {
  const { name, unit, rises } = WORDS[measure];
  const rows = methods.map((method, row) => [method, styleOf(row).color]).reverse(); // a plot's first row is its lowest
  const traces = rows.flatMap(([method, color]) => [boxOf(own, measure, method, color), dotsOf(own, measure, method, color)]);
  const title = { text: `${name}${unit ? `, ${unit}` : ""} (${rises ? "higher" : "lower"} is better)` };
  const xaxis = { title, type: isLogarithmic ? "log" : "linear" };
  const yaxis = { type: "category", fixedrange: true };
  drawPlot(library, place, traces, { showlegend: false, height: 90 + ROW_PX * rows.length, xaxis, yaxis });
}

function boxOf(own, measure, method, color) {
  const name = own.methods[method];
  const [low, first, median, third, high] = own.measures[measure].quantiles[method].map((value) => [value]);
  const box = { y: [name], lowerfence: low, q1: first, median, q3: third, upperfence: high };
  return { type: "box", orientation: "h", ...box, name, line: { color }, fillcolor: `${color}40`, hoverinfo: "x" };
}

function dotsOf(own, measure, method, color) {
  const name = own.methods[method];
  const { values, quantiles } = own.measures[measure];
  const isBeyond = (value) => value !== null && (value < quantiles[method].at(0) || value > quantiles[method].at(-1));
  const images = [...own.samples.keys()].filter((image) => isBeyond(values[method][image]));
  return {
    type: "scatter",
    mode: "markers",
    name,
    x: images.map((image) => values[method][image]),
    y: images.map(() => name),
    text: images.map((image) => own.samples[image]),
    marker: { color, size: 4, opacity: 0.6 },
    hovertemplate: "%{text}: %{x}<extra>%{y}</extra>",
  };
}

// For each method its images in the order of their difference: where the line crosses zero is the share of images made better or worse.
function drawDifferences(library, place, { own, measure, methods, reference }) {
  const styled = methods.map((method, index) => [method, styleOf(index)]).filter(([method]) => method !== reference);
  const traces = styled.map(([method, line]) => differencesOf(own, measure, method, reference, line));
  const xaxis = { title: { text: "images in ascending order, %" }, range: [0, 100] };
  drawPlot(library, place, traces, { ...withLegend(place, traces), xaxis });
}

function differencesOf(own, measure, method, reference, line) {
  const { values } = own.measures[measure];
  const images = [...own.samples.keys()].filter((image) => values[method][image] !== null && values[reference][image] !== null);
  const difference = (image) => values[method][image] - values[reference][image];
  images.sort((one, other) => difference(one) - difference(other));
  return {
    type: "scatter",
    mode: "lines",
    name: own.methods[method],
    line: { ...line, width: 2 },
    x: images.map((_, rank) => (100 * (rank + 0.5)) / images.length),
    y: images.map(difference),
    text: images.map((image) => own.samples[image]),
    hovertemplate: "%{text}: %{y:+.4~g}<extra>%{fullData.name}</extra>",
  };
}

function showTable(table, { own, leaders, measure, methods, reference }, dataset) {
  const { digits } = WORDS[measure];
  const { quantiles, infinite } = own.measures[measure];
  const against = own.methods[reference];
  const counted = `${WORDS[measure].name} on ${dataset}: quantiles over ${own.n_images} images`;
  table.caption.textContent = `${counted}, paired difference to ${against}`;
  table.tBodies[0].replaceChildren(...methods.map((method) => {
    const [one, other] = [method, reference].map((position) => leaders.methods.indexOf(own.methods[position]));
    const pair = pairOf(leaders.conventions.headline.pairs[measure], one, other, leaders.methods.length);
    const row = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = own.methods[method];
    if (infinite[method] > 0) head.append(small(`${infinite[method]} images without a finite value`));
    row.append(head);
    for (const value of quantiles[method]) row.insertCell().textContent = number(value, digits);
    showChange(row.insertCell(), measure, pair);
    row.insertCell().textContent = pValue(pair ? pair.p : null);
    row.insertCell().textContent = percent(pair ? pair.wins : null);
    return row;
  }));
}

makeDistributions(document.getElementById("distributions"));
