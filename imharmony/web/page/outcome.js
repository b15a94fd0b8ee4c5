// What came of it: before and after with a slider between them, the strength without another upload, the change in words, the file.

import { ask, save } from "./api.js";
import { calm, complain, find, loaded, say } from "./dom.js";

const UNCHANGED = "unchanged"; // the word for a change that is too small to be seen
const UNSURE = "The model is not sure that this is better. Compare, or lower the strength.";
const LEFT = "The model is not sure what would be better. Mark the object more closely, or try another method.";
const QUIET_MS = 250; // the strength must rest so long before its words are asked for

export class Outcome {
  #result = null;
  #timer = 0;
  #isMoved = false; // the slider, by hand
  #isSaving = false;

  constructor() {
    find("split").addEventListener("input", () => {
      this.#isMoved = true;
      this.#split();
    });
    find("strength").addEventListener("input", () => this.#blend());
    find("download").addEventListener("click", () => this.#download());
    find("mask-file").addEventListener("click", (event) => this.#mask(event));
  }

  get strength() {
    return find("strength").value / 100;
  }

  async show(result) {
    this.#result = result;
    await Promise.all([loaded(find("before"), result.before), loaded(find("after"), result.after)]);
    const { naturalWidth, naturalHeight } = find("before");
    find("result").style.setProperty("--aspect", naturalWidth / naturalHeight);
    find("out").textContent = result.name;
    find("trust").hidden = result.trusted !== false;
    find("trust").textContent = result.change.words === UNCHANGED ? LEFT : UNSURE;
    find("words").textContent = sentence(result.change.words);
    find("save").hidden = false;
    if (!this.#isMoved) find("split").value = Math.round(100 * result.middle);
    this.#split();
    this.#blend();
    say(`Done. ${sentence(result.change.words)}`);
  }

  #split() {
    find("result").style.setProperty("--split", `${find("split").value}%`);
    find("split").setAttribute("aria-valuetext", `${find("split").value} % before, the rest after`);
  }

  // The picture of after over that of before, as opaque as the change is strong, is the change at that strength.
  #blend() {
    find("after").style.opacity = this.strength;
    find("strength-told").textContent = `${find("strength").value} %`;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tell(), QUIET_MS);
  }

  async #tell() {
    const { result, strength } = { result: this.#result, strength: this.strength };
    try {
      const { words } = await ask(`${result.words}?strength=${strength}`);
      if (result === this.#result && strength === this.strength) find("words").textContent = sentence(words);
    } catch (error) {
      if (error.status !== 404 && error.status !== 503) complain(error);
    }
  }

  async #download() {
    if (this.#isSaving) return;
    this.#isSaving = true;
    calm();
    say("The file is being made.");
    try {
      await save(`${this.#result.file}?strength=${this.strength}`, this.#result.name);
      say(`${this.#result.name} is saved.`);
    } catch (error) {
      complain(error);
    }
    this.#isSaving = false;
  }

  async #mask(event) {
    event.preventDefault();
    try {
      await save(this.#result.mask, `${this.#result.name.replace(/_harmonized\.[^.]*$/, "")}_mask.png`);
    } catch (error) {
      complain(error);
    }
  }
}

function sentence(words) {
  return words === UNCHANGED ? "Nothing changes that could be seen." : `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
