// Distances between pixels, exact.

// For each pixel that is not 0: how far the nearest pixel that is 0 lies, squared. There must be one.
export function squaredDistances(field, width, height) {
  const along = columns(field, width, height);
  const squares = new Int32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) squares[y * width + x] = nearest(along, y * width, x, width);
  }
  return squares;
}

// How far the nearest 0 of the same column is; without one, farther than any pixel.
function columns(field, width, height) {
  const along = new Int32Array(width * height);
  for (let x = 0; x < width; x++) {
    let steps = width + height;
    for (let at = x; at < along.length; at += width) {
      steps = field[at] ? steps + 1 : 0;
      along[at] = steps;
    }
    steps = width + height;
    for (let at = along.length - width + x; at >= 0; at -= width) {
      steps = field[at] ? steps + 1 : 0;
      along[at] = Math.min(along[at], steps);
    }
  }
  return along;
}

// Looks to both sides until what is farther aside cannot be nearer.
function nearest(along, row, x, width) {
  let least = along[row + x] ** 2;
  for (let aside = 1; aside * aside < least && (aside <= x || aside < width - x); aside++) {
    if (aside <= x) least = Math.min(least, aside * aside + along[row + x - aside] ** 2);
    if (x + aside < width) least = Math.min(least, aside * aside + along[row + x + aside] ** 2);
  }
  return least;
}
