// The page: what is chosen, what is shown of it, and when the server is asked.

import { ask, upload } from "./api.js";
import { Brush } from "./brush.js";
import { calm, choose, chosen, complain, find, loaded, onChange, say } from "./dom.js";
import { listen } from "./files.js";
import { Mask } from "./mask.js";
import { Outcome } from "./outcome.js";
import { Placing } from "./placing.js";

const SECOND = { paint: null, mask: "mask", cutout: "cutout" }; // the file that a way needs beside the photograph
const WANTED = { mask: "Now choose or drop its mask.", cutout: "Now choose or drop the cut-out." };
const HINTS = {
  paint: "Paint over the pasted object.",
  mask: "What is tinted is the pasted object.",
  cutout: "Drag the cut-out to its place.",
  result: "Move the line to compare.",
};
const KEYS = {
  paint: "By keyboard: arrow keys move the brush, Space lowers and lifts it.",
  cutout: "By keyboard: arrow keys move it, + and − change its size.",
};

const kept = {}; // by role: the file, and what the server says of it
const strokes = { paint: [], mask: [] };
const mask = new Mask();
const brush = new Brush(mask, changed);
const placing = new Placing(changed);
const outcome = new Outcome();
let settings = { megabytes: 50, models: [] };
let version = 0; // of what is to be harmonized
let done = -1; // the version that the result is of
let isBusy = false;

async function take(file, role) {
  calm();
  wait(true);
  say(`${file.name} is being read.`);
  try {
    const told = await upload(file, role, settings.megabytes);
    kept[role] = { file, ...told };
    await present(role);
    say(`${told.name} is here, ${told.width} by ${told.height} pixels.`);
  } catch (error) {
    complain(error);
  }
  wait(false);
}

// Shows a picture that has come.
async function present(role) {
  const { name, width, height, shown } = kept[role];
  document.querySelector(`[data-role=${role}] .name`).textContent = `${name}, ${width} × ${height}`;
  if (role === "photo") {
    await loaded(find("photo"), shown);
    find("edit").style.setProperty("--aspect", width / height);
    strokes.paint.length = strokes.mask.length = 0;
    brush.fit(width, height);
    mask.fit(width, find("photo"));
    if (kept.cutout) placing.fit(kept.cutout, kept.photo);
  } else if (role === "mask") {
    const image = new Image();
    await loaded(image, shown);
    kept.mask.image = image;
    strokes.mask.length = 0;
    find("correcting").checked = false;
  } else {
    await loaded(find("cutout"), shown);
    if (kept.photo) placing.fit(kept.cutout, kept.photo);
  }
  choose("view", "edit");
  changed();
  arrange();
}

// Which parts of the page are there, by the way and by what has come.
function arrange() {
  const way = chosen("way");
  const hasPhoto = Boolean(kept.photo);
  const isReady = hasPhoto && (!SECOND[way] || Boolean(kept[SECOND[way]]));
  const isResult = chosen("view") === "result";
  find("empty").hidden = hasPhoto;
  find("views").hidden = !hasPhoto;
  find("edit").hidden = !hasPhoto || isResult;
  find("result").hidden = !isResult;
  find("edit-name").textContent = way === "cutout" ? "Place" : "Mask";
  find("photo-title").textContent = way === "cutout" ? "Background" : "Photograph";
  for (const row of document.querySelectorAll(".file")) {
    row.querySelector("button").setAttribute("aria-label", `Choose ${row.querySelector("b").textContent.toLowerCase()}`);
  }
  for (const role of ["mask", "cutout"]) document.querySelector(`[data-role=${role}]`).hidden = SECOND[way] !== role;
  find("cutout").hidden = way !== "cutout" || !isReady;
  find("overlay").hidden = way === "cutout" || !isReady;
  find("outcome").hidden = !isResult;
  find("brush").hidden = way === "cutout" || !isReady || isResult;
  find("correct").hidden = way !== "mask";
  const paints = isReady && (way === "paint" || (way === "mask" && find("correcting").checked));
  find("tools").hidden = !paints;
  find("placing").hidden = way !== "cutout" || !isReady || isResult;
  find("mask-checks").hidden = way === "cutout";
  find("showing").hidden = isResult;
  find("choices").hidden = !hasPhoto;
  find("hint-text").textContent = !hasPhoto ? "" : isResult ? HINTS.result : isReady ? HINTS[way] : WANTED[way];
  find("keys").textContent = isReady && !isResult ? (paints ? KEYS.paint : (KEYS[way] ?? "")) : "";
  mask.strokes = strokes[way] ?? [];
  mask.lay(way === "mask" && isReady ? kept.mask.image : null);
  brush.turn(paints);
  refresh();
}

// Buttons, after anything has changed.
function refresh() {
  const way = chosen("way");
  const isDone = chosen("view") === "result" && done === version;
  const isReady = Boolean(kept.photo) && (way === "paint" ? strokes.paint.length > 0 : Boolean(kept[SECOND[way]]));
  find("go").hidden = !kept.photo || (isDone && !isBusy);
  find("harmonize").disabled = !isReady; // not while it works: the keyboard's focus would be lost
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

function wish() {
  const way = chosen("way");
  const asked = { photo: kept.photo.id, model: find("model").value, direction: find("direction").value };
  if (way === "cutout") return { ...asked, cutout: kept.cutout.id, at: [placing.x, placing.y], scale: placing.scale };
  const painted = { ...asked, strokes: strokes[way], invert: find("invert").checked };
  return way === "mask" ? { ...painted, mask: kept.mask.id } : painted;
}

// Sends once more what the server has forgotten in the meantime.
async function uploadAgain() {
  for (const role of ["photo", SECOND[chosen("way")]]) {
    if (role) Object.assign(kept[role], await upload(kept[role].file, role, settings.megabytes));
  }
}

async function harmonize() {
  if (isBusy || find("harmonize").disabled) return;
  calm();
  wait(true);
  say("The photograph is being harmonized.");
  const asked = version;
  try {
    let result;
    try {
      result = await ask("/api/results", wish());
    } catch (error) {
      if (error.status !== 404) throw error;
      await uploadAgain();
      result = await ask("/api/results", wish());
    }
    const isFirst = done < 0;
    await outcome.show(result);
    done = asked;
    document.querySelector("input[name=view][value=result]").disabled = false;
    choose("view", "result");
    arrange();
    if (isFirst || innerWidth < 896) find("stage").scrollIntoView({ block: "start" });
  } catch (error) {
    complain(error);
    say("");
  }
  const hadFocus = document.activeElement === find("harmonize");
  wait(false);
  if (hadFocus && find("go").hidden) find("outcome-name").focus({ preventScroll: true });
  if (asked !== version && chosen("view") === "result") await harmonize();
}

// A wish of another kind for the same picture: where there is a result already, it is made anew.
function wishAnew() {
  changed();
  if (chosen("view") === "result") harmonize();
}

function listModels({ models, classical }) {
  const options = models.map((name) => new Option(classical.includes(name) ? `${name}, classical` : name, name));
  find("model").replaceChildren(...options);
}

async function begin() {
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
    wishAnew();
  });
  find("show").addEventListener("change", () => {
    mask.shown = find("show").checked;
    mask.show();
  });
  for (const id of ["model", "direction"]) find(id).addEventListener("change", wishAnew);
  find("harmonize").addEventListener("click", harmonize);
  find("undo").addEventListener("click", () => brush.undo());
  find("clear").addEventListener("click", () => {
    mask.strokes.length = 0;
    mask.redraw();
    changed();
    say("All strokes are gone.");
  });
  addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey || !brush.isOn) return;
    event.preventDefault();
    brush.undo();
  });
  find("problem").querySelector("button").addEventListener("click", calm);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => mask.show());
  listen(take, () => (kept.photo && SECOND[chosen("way")] && !kept[SECOND[chosen("way")]] ? SECOND[chosen("way")] : "photo"));
  arrange();
  try {
    settings = await ask("/api/settings");
    listModels(settings);
  } catch (error) {
    complain(error);
  }
}

begin();
