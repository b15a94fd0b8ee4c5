// The model in the browser: fetched once, then asked for each photograph.

import { env, InferenceSession, Tensor } from "./runtime/ort.js";
import { positionsOf } from "./positions.js";
import { squared } from "./squared.js";

const POINTS = ["foreground", "background", "ring", "inside", "outside"];
const { fround } = Math;
let coming = null;

// `{session, facts}`; what fails is tried again when it is next asked for.
export function ready() {
  coming ??= load().catch((error) => {
    coming = null;
    throw error;
  });
  return coming;
}

async function load() {
  env.logLevel = "error";
  env.wasm.numThreads = 1; // more need headers that plain file servers do not send
  env.wasm.wasmPaths = { wasm: new URL("runtime/ort.wasm", document.baseURI).href };
  const [facts, weights] = await Promise.all([(await got("model.json")).json(), (await got("model.onnx")).arrayBuffer()]);
  const session = await InferenceSession.create(new Uint8Array(weights), { executionProviders: ["wasm"] });
  return { session, facts };
}

async function got(name) {
  const response = await fetch(new URL(name, document.baseURI));
  if (!response.ok) throw new Error(`${name}: the server answers ${response.status}`);
  return response;
}

// What the model says of a photograph, RGBA bytes, and its mask: six changes, its trust in them, and whether that is little.
export async function said(pixels, mask, width, height) {
  const { session, facts } = await ready();
  const outputs = await session.run(fed(pixels, mask, width, height, facts));
  const [changes, trust] = [Array.from(outputs.changes.data), outputs.trust.data[0]];
  if (![...changes, trust].every(Number.isFinite)) throw new Error("the model says NaN or infinite of this photograph");
  return { changes, trust, isTrusted: trust >= facts.least_trust };
}

function fed(pixels, mask, width, height, { size_px: side, counts }) {
  const colours = squared({ data: pixels, width, height, stride: 4, channels: 3 }, side);
  const weights = squared({ data: mask, width, height, stride: 1, channels: 1 }, side);
  const positions = positionsOf(weights, side, side, counts);
  const feeds = { known: new Tensor("float32", Float32Array.from(positions.known), [1, 4]) };
  for (const name of POINTS) {
    const points = positions[name].flatMap((at) => [0, 1, 2].map((channel) => share(colours[3 * at + channel])));
    feeds[name] = new Tensor("float32", Float32Array.from(points), [1, points.length / 3, 3]);
  }
  return feeds;
}

// A level as sRGB in [0, 1], by way of [-1, 1], as it is in Python to the last bit.
function share(level) {
  return fround(fround(fround(level / 127.5) - 1) + 1) / 2;
}
