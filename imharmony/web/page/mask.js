// The mask as it is shown: a given one, strokes on top of it, and its inverse.
// Strokes are in pixels of the photograph, however small it is shown.

import { find } from "./dom.js";

export class Mask {
  #canvas = find("overlay");
  #mask = document.createElement("canvas");
  #base = null; // a canvas whose alpha is the given mask
  #isWaiting = false;
  strokes = [];
  inverted = false;
  shown = true;
  scale = 1; // shown pixels for one of the photograph

  // For a photograph of that size, shown by an image.
  fit(width, image) {
    for (const canvas of [this.#canvas, this.#mask]) {
      canvas.width = image.naturalWidth;
      canvas.height = image.naturalHeight;
    }
    this.scale = image.naturalWidth / width;
    this.redraw();
  }

  // Takes a grey picture as the mask beneath the strokes; null: none.
  lay(image) {
    this.#base = image && alphaOfGrey(image);
    this.redraw();
  }

  redraw() {
    const pen = this.#mask.getContext("2d");
    pen.globalCompositeOperation = "source-over";
    pen.clearRect(0, 0, this.#mask.width, this.#mask.height);
    if (this.#base) pen.drawImage(this.#base, 0, 0, this.#mask.width, this.#mask.height);
    for (const stroke of this.strokes) this.#draw(stroke, 0);
    this.show();
  }

  // Draws what a stroke has from one of its points on.
  extend(stroke, from) {
    this.#draw(stroke, Math.max(from - 1, 0));
    this.show();
  }

  show() {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    requestAnimationFrame(() => {
      this.#isWaiting = false;
      this.#tint();
    });
  }

  #draw(stroke, from) {
    drawStroke(this.#mask.getContext("2d"), stroke, this.scale, from);
  }

  #tint() {
    const pen = this.#canvas.getContext("2d");
    const { width, height } = this.#canvas;
    pen.globalCompositeOperation = "source-over";
    pen.clearRect(0, 0, width, height);
    if (!this.shown) return;
    pen.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--tint");
    if (this.inverted) {
      pen.fillRect(0, 0, width, height);
      pen.globalCompositeOperation = "destination-out";
      pen.drawImage(this.#mask, 0, 0);
    } else {
      pen.drawImage(this.#mask, 0, 0);
      pen.globalCompositeOperation = "source-in";
      pen.fillRect(0, 0, width, height);
    }
  }
}

// Draws a stroke, from one of its points on, where `scale` is the canvas's pixels for one of the photograph.
export function drawStroke(pen, { radius, points, erase }, scale, from = 0) {
  pen.globalCompositeOperation = erase ? "destination-out" : "source-over";
  pen.lineCap = pen.lineJoin = "round";
  pen.lineWidth = 2 * radius * scale;
  pen.beginPath();
  const [x, y] = points[from];
  pen.moveTo(x * scale, y * scale);
  for (const [px, py] of points.slice(from + 1)) pen.lineTo(px * scale, py * scale);
  if (points.length - from === 1) pen.lineTo(x * scale + 0.01, y * scale);
  pen.stroke();
}

function alphaOfGrey(image) {
  const canvas = document.createElement("canvas");
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(image, 0, 0);
  const pixels = pen.getImageData(0, 0, canvas.width, canvas.height);
  for (let at = 0; at < pixels.data.length; at += 4) pixels.data[at + 3] = pixels.data[at];
  pen.putImageData(pixels, 0, 0);
  return canvas;
}
