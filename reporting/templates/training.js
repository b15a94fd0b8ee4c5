// The validation curves of all variants; the drawing that stands without scripts makes room for them.
"use strict";

const TRAINING = readJson("training-curves");

const FEW_EPOCHS = 10; // below it every epoch has a tick

function drawTraining(library, place) {
  const { variants } = TRAINING[place.dataset.curve];
  const names = Object.keys(variants);
  const longest = Math.max(...names.map((name) => variants[name].epochs.length));
  const traces = names.map((name, index) => ({
    type: "scatter",
    mode: "lines",
    name,
    line: { ...styleOf(index), width: 2 },
    x: variants[name].epochs,
    y: variants[name].values,
    hovertemplate: `epoch %{x}: %{y}<extra>${name}</extra>`,
  }));
  const isLogarithmic = place.dataset.curve === "val_fmse";
  const xaxis = { title: { text: "epoch" }, ...(longest < FEW_EPOCHS ? { dtick: 1 } : {}) };
  const yaxis = { type: isLogarithmic ? "log" : "linear" };
  drawPlot(library, place, traces, { ...withLegend(place, names), xaxis, yaxis });
}

function makeTraining(section) {
  const places = [...section.querySelectorAll(".plot")];
  section.querySelector(".figure").hidden = true;
  for (const part of section.querySelectorAll(".plot, .curves, .axis")) part.hidden = false;
  drawWhenNear(section, () => plotly().then((library) => places.forEach((place) => drawTraining(library, place))));
}

const isTrained = Object.values(TRAINING).some(({ variants }) => Object.keys(variants).length > 0);
if (isTrained) makeTraining(document.querySelector(".training"));
