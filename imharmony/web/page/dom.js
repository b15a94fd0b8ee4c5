// The page's elements, and the two ways in which it speaks: a status for those who listen, and a line where something is wrong.

export const find = (id) => document.getElementById(id);

export const chosen = (name) => document.querySelector(`input[name=${name}]:checked`).value;

export function choose(name, value) {
  document.querySelector(`input[name=${name}][value=${value}]`).checked = true;
}

export function onChange(name, act) {
  for (const input of document.querySelectorAll(`input[name=${name}]`)) input.addEventListener("change", act);
}

export function say(sentence) {
  find("status").textContent = sentence;
}

export function complain(error) {
  if (!(error instanceof Error) || error.status === undefined) console.error(error);
  find("problem").querySelector("p").textContent = error.message;
  find("problem").hidden = false;
}

export function calm() {
  find("problem").hidden = true;
}

export function loaded(image, address) {
  image.src = address;
  return image.decode();
}

export const clamp = (value, least, most) => Math.min(Math.max(value, least), most);
