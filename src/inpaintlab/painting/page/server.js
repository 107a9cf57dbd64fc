/* What is asked of the server; a refusal is an Error with a line for people. */

export async function ask(path, { method = "GET", body, kind } = {}) {
  const headers = method === "POST" ? { "Content-Type": kind ?? "image/png" } : {};
  let answer;
  try {
    answer = await fetch(`api/${path}`, { method, body, headers });
  } catch {
    throw new Error("The server does not answer. Is it still running?");
  }
  const record = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(record.detail ?? `The server answered ${answer.status}.`);
  return record;
}

/* A picture's file, whatever kind the browser takes it for. */
export const send = (path, file) =>
  ask(path, { method: "POST", body: file, kind: file.type.startsWith("image/") ? file.type : "image/unknown" });

export async function picture(path) {
  const answer = await fetch(`api/${path}`);
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).detail ?? "The picture cannot be shown.");
  return createImageBitmap(await answer.blob(), { colorSpaceConversion: "none", premultiplyAlpha: "none" });
}

export function save(href, name) {
  const link = Object.assign(document.createElement("a"), { href, download: name });
  document.body.append(link);
  link.click();
  link.remove();
}
