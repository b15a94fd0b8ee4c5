// What is asked of the server. Errors carry its one line, and the status.

export class Refused extends Error {
  constructor(line, status) {
    super(line);
    this.status = status;
  }
}

const SILENT = "the server does not answer; check that it runs, then try again";

async function answer(address, options) {
  let response;
  try {
    response = await fetch(address, { cache: "no-store", ...options });
  } catch {
    throw new Refused(SILENT, 0);
  }
  if (response.ok) return response;
  let line = `the server answers ${response.status}`;
  try {
    line = (await response.json()).error ?? line;
  } catch {
    // no JSON: a proxy's page
  }
  throw new Refused(line, response.status);
}

export async function ask(address, body) {
  const options = body === undefined ? {} : { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
  return (await answer(address, options)).json();
}

// Sends a file; what is too large is not sent at all.
export async function upload(file, role, megabytes) {
  if (file.size > megabytes * 1e6) {
    const came = `${file.name}: ${Math.ceil(file.size / 1e6)} MB`;
    throw new Refused(`${came}; expected at most ${megabytes} MB; save it smaller, or start with --max-megabytes`, 413);
  }
  const query = new URLSearchParams({ role, name: file.name || "picture.png" });
  const options = { method: "POST", body: file, headers: { "Content-Type": "application/octet-stream" } };
  return (await answer(`/api/pictures?${query}`, options)).json();
}

// Fetches a file and lets the browser save it, so that an error is shown here and not in its place.
export async function save(address, name) {
  const content = await (await answer(address, {})).blob();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
