// The plotting library, unpacked once a plot comes near the screen, and its look: the page's own colours, light or dark.
"use strict";

// As in the report's figures: each at least 3:1 against both papers; lines differ in dashes too, so that colour is not all.
const COLOURS = ["#2a7fd4", "#d9541e", "#129e76", "#b565a7", "#8a7f1f", "#7a6ff0"];
const DASHES = ["solid", "dash", "dashdot", "dot", "longdash", "longdashdot"];
const [PLOT_PX, LEGEND_ROW_PX, LEGEND_COLUMN_PX] = [380, 22, 190];
const PLOT_CONFIG = { displaylogo: false, responsive: true, modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"] };

let library = null;

// A promise of Plotly. It lies in the page as gzip in base64: nothing is fetched.
function plotly() {
  library ??= (async () => {
    const letters = atob(document.getElementById("plotly").textContent);
    const packed = new Uint8Array(letters.length);
    for (let at = 0; at < letters.length; at += 1) packed[at] = letters.charCodeAt(at); // ten times faster than Uint8Array.from
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    document.head.append(script);
    return window.Plotly;
  })();
  return library;
}

function styleOf(index) {
  return { color: COLOURS[index % COLOURS.length], dash: DASHES[(index + Math.floor(index / COLOURS.length)) % DASHES.length] };
}

// A layout in the page's colours and type; `more` is laid over it.
function layoutOf(more) {
  const page = getComputedStyle(document.documentElement);
  const [ink, line, card] = ["--ink", "--line", "--card"].map((name) => page.getPropertyValue(name).trim());
  const axis = { gridcolor: line, zerolinecolor: ink, linecolor: ink, automargin: true, title: { standoff: 8 } };
  const { xaxis, yaxis, ...rest } = more;
  return {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: getComputedStyle(document.body).fontFamily, color: ink, size: 13 },
    hoverlabel: { bgcolor: card, bordercolor: line, font: { color: ink } },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: line, activecolor: ink },
    margin: { l: 8, r: 12, t: 36, b: 8 },
    xaxis: { ...axis, ...xaxis },
    yaxis: { ...axis, ...yaxis },
    ...rest,
  };
}

// Draws or redraws a plot. The element has the height, not the layout: on a resize Plotly forgets the layout's.
function drawPlot(library, place, traces, { height, ...layout }) {
  place.style.height = `${height}px`;
  library.react(place, traces, layoutOf({ ...layout, autosize: true }), PLOT_CONFIG);
}

// The height of a plot and the legend below it, in as many columns as fit.
function withLegend(place, names) {
  const height = LEGEND_ROW_PX * Math.ceil(names.length / Math.max(1, Math.floor(place.clientWidth / LEGEND_COLUMN_PX)));
  const legend = { orientation: "h", yref: "container", yanchor: "bottom", y: 0, maxheight: height + LEGEND_ROW_PX };
  return { height: PLOT_PX + height, showlegend: true, legend };
}

// Calls `draw` once the section is open and near the screen, and again when the reader's theme changes.
function drawWhenNear(section, draw) {
  const watcher = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watcher.disconnect();
    draw();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  }, { rootMargin: "600px" });
  whenOpen(section, () => watcher.observe(section));
}
