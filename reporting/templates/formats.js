// Numbers as the tables print them, and a pair of methods as one sees it from either side.
"use strict";

const NOTHING = "–";
const SMALLEST_P = 0.001;

function readJson(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

function number(value, digits) {
  if (value === null || value === undefined) return NOTHING;
  const text = value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return text.replace("-", "−").replaceAll(",", "\u202f");
}

function signed(value, digits) {
  return value > 0 ? `+${number(value, digits)}` : number(value, digits);
}

function percent(share) {
  if (share === null) return NOTHING;
  return `${(100 * share).toFixed(share === 0 || share === 1 ? 0 : 1)} %`;
}

function pValue(value) {
  if (value === null) return NOTHING;
  return value < SMALLEST_P ? `<\u00a0${SMALLEST_P}` : value.toFixed(3);
}

// Method minus reference, both positions among `count` methods; null for a method and itself. Lists hold i minus j for i < j.
function pairOf(pairs, method, reference, count) {
  if (!pairs || method === reference) return null;
  const [i, j] = [Math.min(method, reference), Math.max(method, reference)];
  const at = i * count - (i * (i + 1)) / 2 + (j - i - 1);
  const [difference, low, high, side, p] = ["difference", "low", "high", "side", "p"].map((name) => pairs[name][at]);
  const [wins, losses, few] = [pairs.wins[at], pairs.losses[at], pairs.few[at] ?? 0];
  if (method < reference) return { difference, low, high, side, p, wins, losses, few };
  const negative = (value) => (value === null || value === 0 ? value : -value);
  const turned = { difference: negative(difference), low: negative(high), high: negative(low), side: negative(side) };
  return { ...turned, p, wins: losses, losses: wins, few };
}
