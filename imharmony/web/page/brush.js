// Painting by mouse, pen, finger and keyboard.

import { chosen, clamp, find, say } from "./dom.js";

const SMALLEST = 0.003; // radius, of the longer side
const LARGEST = 0.15;

const rounded = (point) => point.map((part) => Math.round(100 * part) / 100);

export class Brush {
  #canvas = find("overlay");
  #ring = find("ring");
  #mask;
  #changed;
  #stroke = null; // that is being drawn
  #pointer = null; // which draws it; null: the keyboard
  #at = null; // where the keyboard's brush is, in pixels of the photograph
  #width = 1;
  #height = 1;
  isOn = false;

  // `changed` is called after each stroke.
  constructor(mask, changed) {
    this.#mask = mask;
    this.#changed = changed;
    const canvas = this.#canvas;
    canvas.addEventListener("pointerdown", (event) => this.#begin(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => this.#end(event));
    canvas.addEventListener("pointerleave", () => this.#pointer === null && !this.#stroke && this.#hide());
    canvas.addEventListener("keydown", (event) => this.#press(event));
    canvas.addEventListener("focus", () => canvas.matches(":focus-visible") && this.#show(this.#place()));
    canvas.addEventListener("blur", () => {
      this.#lift();
      this.#hide();
    });
    find("size").addEventListener("input", () => this.#tell());
  }

  get radius() {
    const part = find("size").value / 100;
    return SMALLEST * (LARGEST / SMALLEST) ** part * Math.max(this.#width, this.#height);
  }

  fit(width, height) {
    [this.#width, this.#height, this.#at] = [width, height, null];
    this.#tell();
  }

  turn(isOn) {
    this.isOn = isOn;
    const canvas = this.#canvas;
    canvas.classList.toggle("ready", isOn);
    if (isOn) {
      canvas.tabIndex = 0;
      canvas.setAttribute("role", "application");
      canvas.setAttribute("aria-label", "The mask. Arrow keys move the brush, Space lowers and lifts it, [ and ] change its size.");
    } else {
      canvas.removeAttribute("tabindex");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", "The mask");
      this.#hide();
    }
  }

  undo() {
    if (!this.#mask.strokes.length) return;
    this.#lift();
    this.#mask.strokes.pop();
    this.#mask.redraw();
    this.#changed();
    say(`Undone. ${this.#mask.strokes.length} strokes are left.`);
  }

  #tell() {
    find("size-told").textContent = `${Math.max(Math.round(2 * this.radius), 1)} px`;
    if (!this.#ring.hidden) this.#show(this.#place());
  }

  #place() {
    this.#at ??= [this.#width / 2, this.#height / 2];
    return this.#at;
  }

  #point(event) {
    const box = this.#canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * this.#width, ((event.clientY - box.top) / box.height) * this.#height];
  }

  #start(point) {
    this.#stroke = { radius: this.radius, points: [rounded(point)], erase: chosen("tool") === "erase" };
    this.#mask.strokes.push(this.#stroke);
    this.#mask.extend(this.#stroke, 0);
  }

  #lead(points) {
    const from = this.#stroke.points.length;
    for (const point of points) if (this.#isApart(point)) this.#stroke.points.push(rounded(point));
    if (this.#stroke.points.length > from) this.#mask.extend(this.#stroke, from);
  }

  // Whether a point is far enough from the last one to matter.
  #isApart([x, y]) {
    const [lastX, lastY] = this.#stroke.points.at(-1);
    return Math.hypot(x - lastX, y - lastY) > this.#stroke.radius / 16;
  }

  #lift() {
    if (!this.#stroke) return;
    this.#stroke = this.#pointer = null;
    this.#ring.classList.remove("down");
    this.#changed();
  }

  #begin(event) {
    if (!this.isOn || event.button !== 0 || this.#pointer !== null) return;
    this.#lift();
    this.#canvas.setPointerCapture(event.pointerId);
    this.#pointer = event.pointerId;
    this.#start(this.#point(event));
  }

  #move(event) {
    if (!this.isOn) return;
    if (event.pointerId === this.#pointer) {
      const events = event.getCoalescedEvents?.() ?? [];
      this.#lead((events.length ? events : [event]).map((each) => this.#point(each)));
    }
    this.#at = this.#point(event);
    this.#show(this.#at);
  }

  #end(event) {
    if (event.pointerId !== this.#pointer) return;
    this.#lift();
    if (event.pointerType !== "mouse") this.#hide();
  }

  #press(event) {
    if (!this.isOn) return;
    const step = Math.max(this.radius / 2, 1) * (event.shiftKey ? 4 : 1);
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (way) this.#step(way.map((part) => part * step));
    else if (event.key === " " || event.key === "Enter") this.#toggle(event.repeat);
    else if (event.key === "Escape") this.#lift();
    else if (event.key === "[" || event.key === "]") this.#resize(event.key === "]" ? 4 : -4);
    else return;
    event.preventDefault();
  }

  #step([right, down]) {
    const [x, y] = this.#place();
    this.#at = [clamp(x + right, 0, this.#width), clamp(y + down, 0, this.#height)];
    if (this.#stroke) this.#lead([this.#at]);
    this.#show(this.#at);
  }

  #toggle(isRepeated) {
    if (isRepeated) return;
    const [x, y] = this.#place();
    if (this.#stroke) this.#lift();
    else this.#start([x, y]);
    this.#ring.classList.toggle("down", this.#stroke !== null);
    const where = `${Math.round((100 * x) / this.#width)} % from the left, ${Math.round((100 * y) / this.#height)} % from the top`;
    say(`Brush ${this.#stroke ? "down" : "up"}, ${where}.`);
  }

  #resize(by) {
    find("size").value = Number(find("size").value) + by;
    this.#tell();
    this.#show(this.#place());
  }

  #show([x, y]) {
    const ring = this.#ring;
    ring.hidden = false;
    ring.style.left = `${(100 * x) / this.#width}%`;
    ring.style.top = `${(100 * y) / this.#height}%`;
    ring.style.width = `${(200 * this.radius) / this.#width}%`;
    ring.style.aspectRatio = "1";
  }

  #hide() {
    this.#ring.hidden = true;
  }
}
