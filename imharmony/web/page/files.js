// Files come by a button, by dropping and by pasting.

import { find } from "./dom.js";

const MASK_NAME = /mask|matte|alpha/i;

// `take(file, role)` gets each; `free()` says which role a file without one has.
export function listen(take, free) {
  const chooser = find("chooser");
  let wanted = "photo";
  const ask = (role) => {
    wanted = role;
    chooser.click();
  };
  chooser.addEventListener("change", () => {
    const [file] = chooser.files;
    if (file) take(file, wanted);
    chooser.value = ""; // so that the same file can be chosen again
  });
  find("first").addEventListener("click", () => ask("photo"));
  for (const row of document.querySelectorAll(".file")) {
    row.querySelector("button").addEventListener("click", () => ask(row.dataset.role));
    receive(row, (files) => files[0] && take(files[0], row.dataset.role));
  }
  const spread = async (files) => {
    for (const file of inOrder(files)) await take(file, free());
  };
  receive(find("stage"), spread);
  for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault()); // or the browser leaves for the file
  addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) spread(files);
  });
}

function receive(target, act) {
  const mark = (event, isOver) => {
    event.preventDefault();
    target.classList.toggle("over", isOver);
  };
  target.addEventListener("dragover", (event) => mark(event, true));
  target.addEventListener("dragleave", (event) => mark(event, false));
  target.addEventListener("drop", (event) => {
    mark(event, false);
    act([...event.dataTransfer.files]);
  });
}

// Of two at once the photograph first.
function inOrder(files) {
  return [...files].sort((one, other) => MASK_NAME.test(one.name) - MASK_NAME.test(other.name)).slice(0, 2);
}
