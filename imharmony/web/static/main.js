// The page without a server: what is chosen, what is shown of it, and when the model is asked.

import { Brush } from "./brush.js";
import { mapped } from "./cielab.js";
import { Comparison } from "./comparison.js";
import { calm, choose, chosen, complain, find, loaded, onChange, say } from "./dom.js";
import { listen } from "./files.js";
import { drawStroke, Mask } from "./mask.js";
import { ready, said } from "./model.js";
import { alphaOf, canvasOf, expectMask, png, read, readMask, Refused, rgbaOf, shown } from "./pictures.js";

const HINTS = {
  paint: "Paint over the pasted object.",
  mask: "What is tinted is the pasted object.",
  wanted: "Now choose or drop its mask.",
  result: "Move the line to compare.",
};
const KEYS = "By keyboard: arrow keys move the brush, Space lowers and lifts it.";

const strokes = { paint: [], mask: [] };
const mask = new Mask();
const brush = new Brush(mask, changed);
const comparison = new Comparison();
let photo = null; // {pixels, width, height, name, address}
let given = null; // the mask of a file: {levels, width, height, image}
let version = 0; // of what is to be harmonized
let done = -1; // the version that the result is of
let isBusy = false;

async function take(file, role) {
  if (isBusy) return;
  calm();
  wait(true);
  say(`${file.name} is being read.`);
  try {
    await (role === "photo" ? takePhoto(file) : takeMask(file));
    choose("view", "edit");
    changed();
    arrange();
    ready().catch(() => {}); // fetched while the visitor paints; what fails is said when it is asked
  } catch (error) {
    complain(error);
  }
  wait(false);
}

async function takePhoto(file) {
  const { pixels, width, height } = await read(file);
  const address = URL.createObjectURL(await png(shown(pixels, width, height)));
  await loaded(find("photo"), address);
  if (photo) URL.revokeObjectURL(photo.address);
  photo = { pixels, width, height, address, name: file.name };
  strokes.paint.length = strokes.mask.length = 0;
  find("edit").style.setProperty("--aspect", width / height);
  brush.fit(width, height);
  mask.fit(width, find("photo"));
  told("photo", file, width, height);
}

async function takeMask(file) {
  const { levels, width, height } = await readMask(file);
  const image = new Image();
  const address = URL.createObjectURL(await png(shown(rgbaOf(levels, false), width, height)));
  await loaded(image, address);
  URL.revokeObjectURL(address);
  given = { levels, width, height, image };
  strokes.mask.length = 0;
  find("correcting").checked = false;
  choose("way", "mask");
  told("mask", file, width, height);
}

function told(role, file, width, height) {
  document.querySelector(`[data-role=${role}] .name`).textContent = `${file.name}, ${width} × ${height}`;
  say(`${file.name} is here, ${width} by ${height} pixels.`);
}

// Which parts of the page are there.
function arrange() {
  const isOfFile = chosen("way") === "mask";
  const isReady = Boolean(photo) && (!isOfFile || Boolean(given));
  const isResult = chosen("view") === "result";
  const paints = isReady && (!isOfFile || find("correcting").checked);
  find("empty").hidden = Boolean(photo);
  find("views").hidden = !photo;
  find("edit").hidden = !photo || isResult;
  find("result").hidden = find("outcome").hidden = !isResult;
  document.querySelector("[data-role=mask]").hidden = !isOfFile;
  find("overlay").hidden = !isReady;
  find("brush").hidden = !isReady || isResult;
  find("correct").hidden = !isOfFile;
  find("tools").hidden = !paints;
  find("choices").hidden = !photo || isResult;
  find("hint-text").textContent = photo ? HINTS[isResult ? "result" : isReady ? chosen("way") : "wanted"] : "";
  find("keys").textContent = paints && !isResult ? KEYS : "";
  mask.strokes = strokes[chosen("way")];
  mask.lay(isOfFile && isReady ? given.image : null);
  brush.turn(paints);
  refresh();
}

// Buttons, after anything has changed.
function refresh() {
  const isReady = Boolean(photo) && (chosen("way") === "paint" ? strokes.paint.length > 0 : Boolean(given));
  find("go").hidden = !photo || (chosen("view") === "result" && done === version && !isBusy);
  find("harmonize").disabled = !isReady;
  find("harmonize").textContent = isBusy && isReady ? "Working…" : done >= 0 && done !== version ? "Harmonize again" : "Harmonize";
  find("undo").disabled = find("clear").disabled = !mask.strokes.length;
}

function changed() {
  version += 1;
  refresh();
}

function wait(value) {
  isBusy = value;
  find("busy").hidden = !value;
  find("stage").setAttribute("aria-busy", value);
  refresh();
}

// The mask's levels at the photograph's full size.
function levelsOf({ width, height }) {
  const way = chosen("way");
  const base = way === "mask" ? given.levels : null;
  if (base && (given.width !== width || given.height !== height)) {
    const came = `${given.width}x${given.height}`;
    throw new Refused(`the mask is ${came} pixels; expected ${width}x${height}, the photograph's size; save the mask at that size`);
  }
  let levels = base;
  if (!base || strokes[way].length) {
    const pen = canvasOf(width, height).getContext("2d", { willReadFrequently: true });
    if (base) pen.putImageData(new ImageData(rgbaOf(base, true), width, height), 0, 0);
    for (const stroke of strokes[way]) drawStroke(pen, stroke, 1);
    levels = alphaOf(pen.getImageData(0, 0, width, height).data);
  }
  return mask.inverted ? levels.map((level) => 255 - level) : levels;
}

async function harmonize() {
  if (isBusy || find("harmonize").disabled) return;
  calm();
  wait(true);
  say("The photograph is being harmonized.");
  const asked = version;
  try {
    const levels = levelsOf(photo);
    expectMask(levels);
    const { changes, isTrusted } = await said(photo.pixels, levels, photo.width, photo.height);
    const name = `${photo.name.replace(/\.[^.]*$/, "")}_harmonized.png`;
    await comparison.show({ photo, mask: levels, changes, isTrusted, name }, photo.address, await after(levels, changes));
    done = asked;
    document.querySelector("input[name=view][value=result]").disabled = false;
    choose("view", "result");
    arrange();
    if (innerWidth < 896) find("stage").scrollIntoView({ block: "start" });
  } catch (error) {
    complain(error);
    say("");
  }
  const hadFocus = document.activeElement === find("harmonize");
  wait(false);
  if (hadFocus && find("go").hidden) find("outcome-name").focus({ preventScroll: true });
}

// The photograph as it is shown, with the whole change.
async function after(levels, changes) {
  const canvas = shown(photo.pixels, photo.width, photo.height);
  const { width, height } = canvas;
  const pen = canvas.getContext("2d");
  const small = shown(rgbaOf(levels, true), photo.width, photo.height).getContext("2d").getImageData(0, 0, width, height);
  const pixels = await mapped(pen.getImageData(0, 0, width, height).data, alphaOf(small.data), changes, 1);
  pen.putImageData(new ImageData(pixels, width, height), 0, 0);
  return canvas;
}

function begin() {
  onChange("way", () => {
    calm();
    choose("view", "edit");
    changed();
    arrange();
  });
  onChange("view", arrange);
  find("correcting").addEventListener("change", arrange);
  find("invert").addEventListener("change", () => {
    mask.inverted = find("invert").checked;
    mask.show();
    changed();
  });
  find("show").addEventListener("change", () => {
    mask.shown = find("show").checked;
    mask.show();
  });
  find("harmonize").addEventListener("click", harmonize);
  find("undo").addEventListener("click", () => brush.undo());
  find("clear").addEventListener("click", () => {
    mask.strokes.length = 0;
    mask.redraw();
    changed();
    say("All strokes are gone.");
  });
  find("problem").querySelector("button").addEventListener("click", calm);
  listen(take, () => (photo && chosen("way") === "mask" && !given ? "mask" : "photo"));
  arrange();
}

begin();
