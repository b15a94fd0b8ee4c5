// A cut-out on its background: dragged, moved by arrow keys, made larger and smaller about its middle.

import { clamp, find, say } from "./dom.js";

export class Placing {
  #image = find("cutout");
  #changed;
  #grip = null; // where the pointer took hold
  #size = [1, 1]; // of the cut-out's file
  #ground = [1, 1]; // the background's
  x = 0; // of the left upper corner, in the background's pixels
  y = 0;
  scale = 1;

  constructor(changed) {
    this.#changed = changed;
    const image = this.#image;
    image.addEventListener("pointerdown", (event) => this.#take(event));
    image.addEventListener("pointermove", (event) => this.#drag(event));
    for (const name of ["pointerup", "pointercancel"]) image.addEventListener(name, () => this.#drop());
    image.addEventListener("keydown", (event) => this.#press(event));
    find("scale").addEventListener("input", () => this.#resize(find("scale").value / 100));
    find("centre").addEventListener("click", () => this.centre());
  }

  // Lays a cut-out in the middle; one that would cover most of the background is made smaller.
  fit(cutout, ground) {
    this.#size = [cutout.width, cutout.height];
    this.#ground = [ground.width, ground.height];
    const most = 0.6 * Math.min(ground.width / cutout.width, ground.height / cutout.height);
    this.scale = most < 1 ? Math.max(Math.floor(100 * most), 1) / 100 : 1;
    this.centre();
  }

  centre() {
    [this.x, this.y] = [0, 1].map((axis) => Math.round((this.#ground[axis] - this.#size[axis] * this.scale) / 2));
    this.#show();
    this.#changed();
  }

  #show() {
    const [width, height] = this.#ground;
    const style = this.#image.style;
    style.left = `${(100 * this.x) / width}%`;
    style.top = `${(100 * this.y) / height}%`;
    style.width = `${(100 * this.#size[0] * this.scale) / width}%`;
    style.height = `${(100 * this.#size[1] * this.scale) / height}%`;
    find("scale").value = Math.round(100 * this.scale);
    find("scale-told").textContent = `${Math.round(100 * this.scale)} %`;
  }

  #put(x, y) {
    const [width, height] = this.#size.map((side) => side * this.scale);
    this.x = Math.round(clamp(x, 1 - width, this.#ground[0] - 1));
    this.y = Math.round(clamp(y, 1 - height, this.#ground[1] - 1));
    this.#show();
  }

  #resize(scale) {
    const middle = [this.x, this.y].map((at, axis) => at + (this.#size[axis] * this.scale) / 2);
    this.scale = clamp(Math.round(100 * scale), 1, 300) / 100;
    this.#put(...middle.map((at, axis) => at - (this.#size[axis] * this.scale) / 2));
    this.#changed();
  }

  #take(event) {
    if (event.button !== 0) return;
    this.#image.setPointerCapture(event.pointerId);
    this.#grip = { x: event.clientX, y: event.clientY, from: [this.x, this.y] };
    this.#image.focus({ preventScroll: true });
    event.preventDefault();
  }

  #drag(event) {
    if (!this.#grip) return;
    const pixels = this.#ground[0] / find("edit").clientWidth;
    const [x, y] = this.#grip.from;
    this.#put(x + (event.clientX - this.#grip.x) * pixels, y + (event.clientY - this.#grip.y) * pixels);
  }

  #drop() {
    if (!this.#grip) return;
    this.#grip = null;
    this.#changed();
  }

  #press(event) {
    const step = Math.max(Math.round(this.#ground[0] / 500), 1) * (event.shiftKey ? 10 : 1);
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (way) {
      this.#put(this.x + way[0] * step, this.y + way[1] * step);
      say(`At ${this.x}, ${this.y}.`);
      this.#changed();
    } else if (event.key === "+" || event.key === "=" || event.key === "-") {
      this.#resize(this.scale * (event.key === "-" ? 1 / 1.05 : 1.05) + (event.key === "-" ? -0.005 : 0.005));
      say(`${Math.round(100 * this.scale)} % of its size.`);
    } else return;
    event.preventDefault();
  }
}
