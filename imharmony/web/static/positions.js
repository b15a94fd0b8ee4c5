// Which pixels stand for the regions of a picture: what imharmony/points/positions.py does, in the same 32 bits.

import { squaredDistances } from "./distance.js";

const SOLID = 250; // of 255: soft borders belong to neither region
const EMPTY = 5;
const HALF = 128;
const RING_PX = [2, 14]; // outside the mask, in a picture of PLAIN_PX
const EDGE_PX = 3; // from the border to either point of a pair
const PLAIN_PX = 256;
const NEAREST_PX = 1.5; // what smaller pictures' borders blur
const WIDEST_PX = 4.5; // a ring reaches so far at least
const GOLDEN = (Math.sqrt(5) - 1) / 2;
const { fround } = Math;

// The points of a mask, Uint8Array of width x height. `counts` are those of the foreground, the background, the ring and the pairs.
export function positionsOf(mask, width, height, counts) {
  const most = mask.reduce((one, other) => Math.max(one, other), 0);
  const solid = most >= SOLID ? SOLID : Math.max(Math.floor(most / 2), EMPTY + 1);
  const foreground = where(mask, (level) => level >= solid);
  const background = where(mask, (level) => level <= EMPTY);
  const isBoth = mask.some((level) => level >= HALF) && mask.some((level) => level < HALF);
  const { ring, inside, outside } = isBoth ? around(mask, width, height) : { ring: [], inside: [], outside: [] };
  return {
    foreground: spread(foreground, counts[0]),
    background: spread(background, counts[1]),
    ring: spread(ring, counts[2]),
    inside: spread(inside, counts[3]),
    outside: spread(outside, counts[3]),
    known: [foreground, background, ring, inside].map((region) => Number(region.length > 0)),
  };
}

// Entries of a region in steps of the golden ratio; zeros of an empty one.
export function spread(region, count) {
  if (!region.length) return new Array(count).fill(0);
  return Array.from({ length: count }, (_, step) => region[Math.floor((((step + 0.5) * GOLDEN) % 1) * region.length)]);
}

function where(values, test) {
  const found = [];
  for (let at = 0; at < values.length; at++) if (test(values[at], at)) found.push(at);
  return found;
}

function around(mask, width, height) {
  const scale = Math.sqrt(height * width) / PLAIN_PX;
  const depth = fromBorder(mask.map((level) => Number(level >= HALF)), width, height);
  const distance = fromBorder(mask.map((level) => Number(level < HALF)), width, height);
  const near = fround(Math.max(NEAREST_PX, RING_PX[0] * scale));
  const far = fround(Math.max(WIDEST_PX, RING_PX[1] * scale));
  const ring = where(mask, (level, at) => distance[at] >= near && distance[at] <= far && level <= EMPTY);
  const deepest = depth.reduce((one, other) => Math.max(one, other), -1);
  const reach = fround(Math.min(Math.max(NEAREST_PX, EDGE_PX * scale), deepest));
  const edge = where(mask, (level, at) => level >= HALF && Math.abs(fround(depth[at] - reach)) <= 0.75);
  const signed = Float32Array.from(mask, (level, at) => (level >= HALF ? depth[at] : -distance[at]));
  const mirrors = edge.map((at) => [at, mirrored(at, depth[at], signed, width, height)]);
  const pairs = mirrors.filter(([, other]) => other >= 0 && mask[other] < HALF);
  return { ring, inside: pairs.map(([at]) => at), outside: pairs.map(([, other]) => other) };
}

function fromBorder(field, width, height) {
  return Float32Array.from(squaredDistances(field, width, height), (square) => fround(Math.sqrt(square)) - 0.5);
}

// The mirror image of a pixel at the border, along the steepest way; -1: outside the picture.
function mirrored(at, depth, signed, width, height) {
  const [x, y] = [at % width, Math.floor(at / width)];
  const value = (right, down) => signed[inner(y + down, height) * width + inner(x + right, width)];
  const across = (down) => fround(value(1, down) - value(-1, down));
  const smooth = (down) => fround(fround(fround(2 * value(0, down)) + value(-1, down)) + value(1, down));
  const slopeX = fround(fround(fround(2 * across(0)) + across(-1)) + across(1));
  const slopeY = fround(smooth(1) - smooth(-1));
  const length = Math.max(fround(Math.hypot(slopeX, slopeY)), fround(1e-6));
  const otherX = evenly(x - fround(fround(2 * depth * slopeX) / length));
  const otherY = evenly(y - fround(fround(2 * depth * slopeY) / length));
  return otherX >= 0 && otherX < width && otherY >= 0 && otherY < height ? otherY * width + otherX : -1;
}

// A place beyond the border is the one as far within it.
function inner(place, size) {
  if (size === 1) return 0;
  return place < 0 ? -place : place >= size ? 2 * size - 2 - place : place;
}

// Rounded; halves to the even number, as NumPy has it.
function evenly(value) {
  const low = Math.floor(value);
  return value - low === 0.5 ? low + (low & 1) : Math.round(value);
}
