// Colours moved in CIELAB, at any size: what imharmony/portable/cielab.py and mapping.py do.

const XYZ_FROM_RGB = [
  [0.412453, 0.35758, 0.180423],
  [0.212671, 0.71516, 0.072169],
  [0.019334, 0.119193, 0.950227],
];
const WHITE = [0.95047, 1, 1.08883];
const KNEE = 6 / 29;
const SLOPE = 1 / (3 * KNEE ** 2);
const FOOT = 0.0031308; // of sRGB's curve
const STRIP_PX = 2 ** 17; // pixels between two looks at what the visitor does

const LIGHT_OF_LINEAR = XYZ_FROM_RGB.map((row, axis) => row.map((value) => value / WHITE[axis]));
const LINEAR_OF_LIGHT = inverse(LIGHT_OF_LINEAR);
const LINEAR_OF_LEVEL = Float64Array.from({ length: 256 }, (_, level) => {
  const srgb = level / 255;
  return srgb > 0.04045 ? ((srgb + 0.055) / 1.055) ** 2.4 : srgb / 12.92;
});

// A new picture: RGBA bytes with `strength` times the change where the mask is; all others are as they were.
// With x a colour in CIELAB, the six changes make it x + A x + b of their halves A and b. `told` is called with the share that is done.
export async function mapped(pixels, mask, changes, strength, told = () => {}) {
  const result = new Uint8ClampedArray(pixels);
  if (strength === 0 || changes.every((value) => value === 0)) return result;
  const colour = new Float64Array(3);
  for (let from = 0; from < mask.length; from += STRIP_PX) {
    const to = Math.min(from + STRIP_PX, mask.length);
    for (let at = from; at < to; at++) {
      if (mask[at] === 0) continue;
      move(pixels, 4 * at, changes, colour);
      const share = (mask[at] * strength) / 255;
      for (let channel = 0; channel < 3; channel++) {
        const level = pixels[4 * at + channel];
        result[4 * at + channel] = level + share * (colour[channel] - level); // rounds, halves to even, and clips
      }
    }
    told(to / mask.length);
    await new Promise((done) => setTimeout(done));
  }
  return result;
}

// The levels that a colour comes to, not clipped.
function move(pixels, at, changes, colour) {
  const [red, green, blue] = [LINEAR_OF_LEVEL[pixels[at]], LINEAR_OF_LEVEL[pixels[at + 1]], LINEAR_OF_LEVEL[pixels[at + 2]]];
  const x = root(product(LIGHT_OF_LINEAR[0], red, green, blue));
  const y = root(product(LIGHT_OF_LINEAR[1], red, green, blue));
  const z = root(product(LIGHT_OF_LINEAR[2], red, green, blue));
  const [l, a, b] = [116 * y - 16, 500 * (x - y), 200 * (y - z)];
  const newY = y + (l * changes[0] + changes[3]) / 116;
  const newX = newY + (a + a * changes[1] + changes[4]) / 500;
  const newZ = Math.max(newY - (b + b * changes[2] + changes[5]) / 200, 0);
  const [lightX, lightY, lightZ] = [cube(newX), cube(newY), cube(newZ)];
  for (let channel = 0; channel < 3; channel++) colour[channel] = level(product(LINEAR_OF_LIGHT[channel], lightX, lightY, lightZ));
}

function product(row, first, second, third) {
  return row[0] * first + row[1] * second + row[2] * third;
}

function root(light) {
  return light > KNEE ** 3 ? Math.cbrt(light) : KNEE + SLOPE * (light - KNEE ** 3);
}

function cube(value) {
  return value > KNEE ? value ** 3 : KNEE ** 3 + (value - KNEE) / SLOPE;
}

function level(linear) {
  return 255 * (linear > FOOT ? 1.055 * linear ** (1 / 2.4) - 0.055 : linear * 12.92);
}

// Of a matrix of three rows, by its cofactors.
function inverse(rows) {
  const minor = (row, column) => {
    const [up, down] = [rows[(row + 1) % 3], rows[(row + 2) % 3]];
    return up[(column + 1) % 3] * down[(column + 2) % 3] - up[(column + 2) % 3] * down[(column + 1) % 3];
  };
  const determinant = [0, 1, 2].reduce((sum, column) => sum + rows[0][column] * minor(0, column), 0);
  return [0, 1, 2].map((row) => [0, 1, 2].map((column) => minor(column, row) / determinant));
}
