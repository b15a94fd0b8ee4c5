// Pictures and masks of files, as bytes; and bytes as pictures again.

const LARGEST_SHOWN = 1600; // pixels of the longer side, of what is shown
const OPAQUE = 250;
const COLOURED = 32; // levels between a pixel's channels; below it is JPEG's noise around grey
const ALIKE = 16; // levels by which an alpha channel may differ from the grey of the same mask
const STRAY = 0.01; // of the pixels
const UNSEEN = 3; // levels that the noise of JPEG leaves on a mask of one colour

// What the visitor can mend: it is shown, and not logged.
export class Refused extends Error {
  status = 0;
}

// The file's picture in sRGB, upright: `{pixels, width, height}`, RGBA bytes. Of masks levels stay as they are stored.
export async function read(file, colorSpaceConversion = "default") {
  let image;
  try {
    image = await createImageBitmap(file, { colorSpaceConversion, imageOrientation: "from-image" });
  } catch {
    throw new Refused(`${file.name}: this browser cannot read it; expected a picture; save it as JPEG or PNG`);
  }
  const { width, height } = image;
  try {
    const pen = canvasOf(width, height).getContext("2d", { willReadFrequently: true });
    pen.drawImage(image, 0, 0);
    return { pixels: pen.getImageData(0, 0, width, height).data, width, height };
  } catch {
    throw new Refused(`${file.name}: ${width}x${height} pixels are too many for this browser; save it smaller`);
  } finally {
    image.close();
  }
}

// A mask's levels, 255 = pasted object: of its alpha channel if it has one, otherwise of its grey.
export async function readMask(file) {
  const { pixels, width, height } = await read(file, "none");
  const seen = looked(pixels);
  const hasAlpha = seen.leastAlpha < OPAQUE && seen.leastAlpha < seen.mostAlpha;
  if (!hasAlpha && seen.coloured > STRAY * width * height) {
    throw new Refused(`${file.name}: a picture in colours; expected a mask, white where the pasted object is; save it as a grey PNG`);
  }
  if (hasAlpha && seen.low !== seen.high && !seen.coloured && seen.apart > ALIKE) {
    const came = `${file.name}: its alpha channel is one mask and its grey levels are another`;
    throw new Refused(`${came}; expected one of them; save the one that is meant as a grey PNG without alpha`);
  }
  const levels = new Uint8Array(width * height);
  for (let at = 0; at < levels.length; at++) levels[at] = pixels[4 * at + (hasAlpha ? 3 : 1)];
  const most = levels.reduce((one, other) => Math.max(one, other), 0);
  if (most === 1) return { levels: levels.map((level) => 255 * level), width, height };
  if (most > 1 && most < 128) {
    throw new Refused(`${file.name}: its largest value is ${most}; expected 255 for the pasted object; save it so`);
  }
  return { levels, width, height };
}

function looked(pixels) {
  const seen = { leastAlpha: 255, mostAlpha: 0, low: 255, high: 0, coloured: 0, apart: 0 };
  for (let at = 0; at < pixels.length; at += 4) {
    const [red, green, blue, alpha] = [pixels[at], pixels[at + 1], pixels[at + 2], pixels[at + 3]];
    seen.leastAlpha = Math.min(seen.leastAlpha, alpha);
    seen.mostAlpha = Math.max(seen.mostAlpha, alpha);
    if (Math.max(red, green, blue) - Math.min(red, green, blue) > COLOURED) seen.coloured += 1;
    if (alpha === 0) continue;
    seen.low = Math.min(seen.low, green);
    seen.high = Math.max(seen.high, green);
    seen.apart = Math.max(seen.apart, Math.abs(green - alpha));
  }
  return seen;
}

// Says why a mask of levels is not one.
export function expectMask(levels) {
  let [least, most] = [255, 0];
  for (const level of levels) [least, most] = [Math.min(least, level), Math.max(most, level)];
  if (most <= UNSEEN) throw new Refused("the mask is black everywhere; expected white where the pasted object is; invert or redraw it");
  if (least >= 255 - UNSEEN) throw new Refused("the mask is white everywhere; expected black where the background is; invert or redraw it");
}

export function canvasOf(width, height) {
  return Object.assign(document.createElement("canvas"), { width, height });
}

// RGBA bytes at the size at which they are shown.
export function shown(pixels, width, height) {
  const scale = Math.min(1, LARGEST_SHOWN / Math.max(width, height));
  const full = canvasOf(width, height);
  full.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
  if (scale === 1) return full;
  const small = canvasOf(Math.max(Math.round(width * scale), 1), Math.max(Math.round(height * scale), 1));
  const pen = small.getContext("2d", { willReadFrequently: true });
  pen.imageSmoothingQuality = "high";
  pen.drawImage(full, 0, 0, small.width, small.height);
  return small;
}

// A mask's levels as RGBA bytes: grey, or black whose alpha they are.
export function rgbaOf(levels, isAlpha) {
  const pixels = new Uint8ClampedArray(4 * levels.length);
  for (let at = 0; at < levels.length; at++) {
    if (!isAlpha) pixels.fill(levels[at], 4 * at, 4 * at + 3);
    pixels[4 * at + 3] = isAlpha ? levels[at] : 255;
  }
  return pixels;
}

export function alphaOf(pixels) {
  const levels = new Uint8Array(pixels.length / 4);
  for (let at = 0; at < levels.length; at++) levels[at] = pixels[4 * at + 3];
  return levels;
}

export async function png(canvas) {
  const file = await new Promise((done) => canvas.toBlob(done, "image/png"));
  if (!file) throw new Refused("the picture is too large for this browser to write; save the photograph smaller");
  return file;
}
