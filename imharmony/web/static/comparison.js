// What came of it: before and after with a slider between them, the strength, the file.

import { calm, complain, find, loaded, say } from "./dom.js";
import { mapped } from "./cielab.js";
import { canvasOf, png } from "./pictures.js";

const UNSURE = "The model is not sure that this is better, and changes less. Compare, or mark the object more closely.";
const SURE = "Compare, and lower the strength if it is too much.";

export class Comparison {
  #result = null;
  #address = ""; // of the picture of after
  #isSaving = false;

  constructor() {
    find("split").addEventListener("input", () => this.#split());
    find("strength").addEventListener("input", () => this.#blend());
    find("download").addEventListener("click", () => this.#download());
  }

  // `result` is `{photo, mask, changes, isTrusted, name}` at full size; `before` an address and `after` a canvas as they are shown.
  async show(result, before, after) {
    this.#result = result;
    URL.revokeObjectURL(this.#address);
    this.#address = URL.createObjectURL(await png(after));
    await Promise.all([loaded(find("before"), before), loaded(find("after"), this.#address)]);
    find("result").style.setProperty("--aspect", result.photo.width / result.photo.height);
    find("out").textContent = result.name;
    find("words").textContent = result.isTrusted ? SURE : UNSURE;
    this.#split();
    this.#blend();
    say("Done.");
  }

  #split() {
    find("result").style.setProperty("--split", `${find("split").value}%`);
    find("split").setAttribute("aria-valuetext", `${find("split").value} % before, the rest after`);
  }

  // After over before, as opaque as the change is strong, is the change at that strength.
  #blend() {
    find("after").style.opacity = find("strength").value / 100;
    find("strength-told").textContent = `${find("strength").value} %`;
  }

  async #download() {
    if (this.#isSaving) return;
    this.#isSaving = true;
    calm();
    const { photo, mask, changes, name } = this.#result;
    const button = find("download");
    const told = (share) => {
      button.textContent = `Working… ${Math.round(100 * share)} %`;
    };
    try {
      const pixels = await mapped(photo.pixels, mask, changes, find("strength").value / 100, told);
      const canvas = canvasOf(photo.width, photo.height);
      canvas.getContext("2d").putImageData(new ImageData(pixels, photo.width, photo.height), 0, 0);
      save(await png(canvas), name);
      say(`${name} is saved.`);
    } catch (error) {
      complain(error);
    }
    button.textContent = "Download";
    this.#isSaving = false;
  }
}

function save(file, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
