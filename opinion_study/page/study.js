// One trial after the other: show, take an answer, post it, show the next. An answer counts once the server has said so.
"use strict";

const TOKEN = location.pathname.startsWith("/r/") ? location.pathname.slice("/r/".length) : null;
const MODES = {
  rating: { question: "How natural does this picture look?", labels: ["Bad", "Poor", "Fair", "Good", "Excellent"] },
  pairs: { question: "Which picture looks more natural?", labels: ["First", "Second"] },
};
const SECTIONS = ["start", "trial", "finished", "unknown"];

const find = (id) => document.getElementById(id);
let state = null;
let isOpen = false; // whether an answer is being waited for

function showSection(id) {
  for (const name of SECTIONS) find(name).hidden = name !== id;
  find("problem").hidden = true;
}

function fill(outline) {
  for (const item of document.querySelectorAll("[data-fill=trials]")) item.textContent = outline.trials;
  for (const item of document.querySelectorAll("[data-mode]")) item.hidden = item.dataset.mode !== outline.mode;
}

// Says what went wrong, with a button that does it again.
function showProblem(sentence, again) {
  const box = find("problem");
  box.querySelector("p").textContent = sentence;
  box.querySelector("button").onclick = () => {
    box.hidden = true;
    again();
  };
  box.hidden = false;
  box.querySelector("button").focus();
}

async function ask(address, body) {
  const options = body === undefined ? {} : { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
  const response = await fetch(address, { cache: "no-store", ...options });
  const content = await response.json();
  if (!response.ok) throw Object.assign(new Error(content.detail), { status: response.status });
  return content;
}

async function load() {
  try {
    if (TOKEN === null) {
      fill(await ask("/api/study"));
      showSection("start");
    } else {
      await show(await ask(`/api/raters/${TOKEN}`));
    }
  } catch (error) {
    if (error.status === 404) showSection("unknown");
    else showProblem("The study does not answer. Check the connection.", load);
  }
}

async function begin() {
  find("begin").disabled = true;
  try {
    const rater = await ask("/api/raters", {});
    location.assign(`/r/${rater.token}`);
  } catch {
    showProblem("The study does not answer. Check the connection.", begin);
  }
  find("begin").disabled = false;
}

async function show(next) {
  state = next;
  fill(state);
  if (state.trial === null) {
    showSection("finished");
    find("thanks").focus();
    return;
  }
  const { trial, mode } = state;
  const { question, labels } = MODES[mode];
  find("bar").max = state.trials;
  find("bar").value = state.done;
  find("count").textContent = `${state.done + 1} of ${state.trials}`;
  find("link").href = find("link").textContent = location.href;
  const asked = trial.asked === null ? null : mode === "rating" ? `${trial.asked}, ${labels[trial.asked - 1]}` : labels[trial.asked - 1];
  find("question").textContent = asked === null ? question : `Attention check: please choose ${asked}`;
  find("trial").classList.toggle("check", asked !== null);
  showChoices(labels, mode);
  showSection("trial");
  await showPictures();
}

// The buttons stay from trial to trial, so that the keyboard's focus does.
function showChoices(labels, mode) {
  const box = find("choices");
  if (box.children.length === 0) {
    box.className = mode;
    box.append(...labels.map(makeChoice));
  }
  for (const button of box.children) button.classList.remove("chosen");
}

function makeChoice(label, position) {
  const button = document.createElement("button");
  button.type = "button";
  const key = document.createElement("b");
  key.textContent = position + 1;
  button.append(key, ` ${label}`);
  button.addEventListener("click", () => answer(position + 1));
  return button;
}

function setOpen(value) {
  isOpen = value;
  find("choices").setAttribute("aria-busy", !value);
}

// Answers are taken only once every picture is on the screen.
async function showPictures() {
  const { trial, mode, ahead } = state;
  const images = trial.pictures.map((address, position) => {
    const image = new Image();
    image.src = address;
    image.alt = mode === "rating" ? "The picture to rate" : `The ${MODES.pairs.labels[position].toLowerCase()} picture`;
    image.style.aspectRatio = trial.aspect;
    image.style.setProperty("--aspect", trial.aspect);
    return image;
  });
  find("pictures").className = mode;
  find("pictures").replaceChildren(...images);
  try {
    await Promise.all(images.map((image) => image.decode()));
  } catch {
    showProblem("A picture did not load. Check the connection.", () => show(state));
    return;
  }
  setOpen(true);
  find("status").textContent = `${state.done + 1} of ${state.trials}. ${find("question").textContent}`;
  for (const address of ahead) new Image().src = address;
}

async function answer(score) {
  if (!isOpen) return;
  setOpen(false);
  find("choices").children[score - 1].classList.add("chosen");
  await post(score);
}

async function post(score) {
  let next;
  try {
    next = await ask("/api/votes", { token: TOKEN, trial: state.done, score });
  } catch (error) {
    // Refused: answered before, on another page or by a request whose reply was lost. What the server has is right.
    if (error.status === 409) await load();
    else if (error.status === 404) showSection("unknown");
    else showProblem("Your answer is not saved yet. Check the connection.", () => post(score));
    return;
  }
  await show(next);
}

document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || !isOpen) return;
  const score = Number(event.key);
  if (Number.isInteger(score) && score >= 1 && score <= find("choices").children.length) answer(score);
});
find("begin").addEventListener("click", begin);
load();
