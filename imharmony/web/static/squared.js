// A picture at the size that the model sees: what OpenCV's resize does to bytes, by area where both sides shrink, else linearly.

const ONE = 2048; // of the linear weights, which are whole numbers
const { fround } = Math;

// `data` has `stride` bytes a pixel, of which the first `channels` are taken. Returns side x side x channels.
export function squared({ data, width, height, stride, channels }, side) {
  const picture = { data, width, height, stride, channels };
  if (Math.min(width, height) < side) return linear(picture, side);
  const [right, down] = [width / side, height / side];
  return Number.isInteger(right) && Number.isInteger(down) ? byBlocks(picture, side, right, down) : byArea(picture, side);
}

function byBlocks({ data, width, stride, channels }, side, right, down) {
  const result = new Uint8Array(side * side * channels);
  const isQuarter = right === 2 && down === 2;
  const part = fround(1 / (right * down));
  for (let y = 0, at = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      for (let channel = 0; channel < channels; channel++, at++) {
        let sum = 0;
        for (let row = y * down; row < (y + 1) * down; row++) {
          const first = (row * width + x * right) * stride + channel;
          for (let step = 0; step < right; step++) sum += data[first + step * stride];
        }
        result[at] = isQuarter ? (sum + 2) >> 2 : evenly(fround(sum * part));
      }
    }
  }
  return result;
}

function byArea({ data, width, height, stride, channels }, side) {
  const [columns, rows] = [shares(width, side), shares(height, side)];
  const result = new Uint8Array(side * side * channels);
  const line = new Float32Array(side * channels);
  const sums = new Float32Array(side * channels);
  for (let y = 0; y < side; y++) {
    sums.fill(0);
    for (const [row, weight] of rows[y]) {
      line.fill(0);
      for (let x = 0; x < side; x++) {
        for (const [column, share] of columns[x]) {
          const from = (row * width + column) * stride;
          for (let channel = 0; channel < channels; channel++) line[x * channels + channel] += fround(data[from + channel] * share);
        }
      }
      for (let at = 0; at < line.length; at++) sums[at] += fround(line[at] * weight);
    }
    for (let at = 0; at < sums.length; at++) result[y * side * channels + at] = evenly(sums[at]);
  }
  return result;
}

// For each of `side` pixels, which of `size` lie beneath it, and by what share of its own extent.
function shares(size, side) {
  const extent = size / side;
  return Array.from({ length: side }, (_, place) => {
    const [from, to] = [place * extent, Math.min((place + 1) * extent, size)];
    const parts = [];
    for (let each = Math.floor(from); each < Math.ceil(to); each++) {
      const overlap = Math.min(to, each + 1) - Math.max(from, each);
      if (overlap > 1e-3) parts.push([each, fround(overlap / Math.min(extent, size - from))]);
    }
    return parts;
  });
}

function linear({ data, width, height, stride, channels }, side) {
  const [columns, rows] = [taps(width, side), taps(height, side)];
  const result = new Uint8Array(side * side * channels);
  for (let y = 0, at = 0; y < side; y++) {
    const { near: top, next: bottom, weights: down } = rows[y];
    for (let x = 0; x < side; x++) {
      const { near, next, weights } = columns[x];
      for (let channel = 0; channel < channels; channel++, at++) {
        const across = (row) => {
          const from = row * width * stride + channel;
          return (data[from + near * stride] * weights[0] + data[from + next * stride] * weights[1]) >> 4;
        };
        result[at] = (((across(top) * down[0]) >> 16) + ((across(bottom) * down[1]) >> 16) + 2) >> 2;
      }
    }
  }
  return result;
}

function taps(size, side) {
  return Array.from({ length: side }, (_, place) => {
    const middle = fround((place + 0.5) * (size / side) - 0.5);
    const first = Math.floor(middle);
    const [near, next] = [first, first + 1].map((each) => Math.min(Math.max(each, 0), size - 1));
    const share = near === next ? 0 : fround(middle - first);
    return { near, next, weights: [evenly(fround(1 - share) * ONE), evenly(share * ONE)] };
  });
}

function evenly(value) {
  const low = Math.floor(value);
  return value - low === 0.5 ? low + (low & 1) : Math.round(value);
}
