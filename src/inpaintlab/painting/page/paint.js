/* The page: what is open, the tools, the buttons, the keys. */

import { Mask } from "./mask.js";
import { Results } from "./results.js";
import { ask, picture, save, send } from "./server.js";
import { Stage } from "./stage.js";

const LARGEST = 400; // pixels of the picture under the brush
const NOTE = 7000; // ms that a note stays
const at = (id) => document.getElementById(id);

const app = {
  session: null, // {info, bitmap, mask, truth, results, from}
  sessions: [], // the history
  result: null, // the one that is looked at
  tool: "brush",
  size: 30,
  mode: "paint",
  busy: false, // a stroke is being drawn

  note(text) {
    const line = Object.assign(document.createElement("p"), { textContent: text });
    at("notes").replaceChildren(line);
    setTimeout(() => line.remove(), NOTE);
  },

  /* A picture that the server has opened becomes the one that is worked on. */
  async begin(info, from = null) {
    const bitmap = await picture(`pictures/${info.id}.png`);
    const session = { info, bitmap, mask: new Mask(info.width, info.height), truth: null, results: [], from };
    app.sessions.push(session);
    if (info.truth) session.truth = await picture(`pictures/${info.id}/truth.png`);
    if (!from) app.setSize(Math.max(4, Math.round(Math.min(info.width, info.height) / 16)));
    app.show(session);
    info.notices.forEach(app.note);
  },

  show(session) {
    app.session = session;
    app.result = session.results.find((one) => one.bitmap) ?? null;
    app.mode = "paint";
    document.body.dataset.phase = "open";
    app.entitle();
    at("welcome").hidden = true;
    at("zoom").hidden = false;
    at("truth").value = !session.truth ? "none" : session.truth === session.bitmap ? "self" : "file";
    app.stage.shown = 0; // so that it is fitted
    app.setMode("paint");
    app.results.listHistory();
    app.results.refresh();
  },

  /* Say what is open; where that is cut, pointing at it tells all. */
  entitle() {
    const info = app.session?.info;
    at("title").textContent = at("title").title = info ? `${info.name} · ${info.width} × ${info.height}` : "";
  },

  choose(result, mode) {
    app.result = result;
    app.setMode(mode);
  },

  setMode(mode) {
    app.mode = mode === "paint" || app.result ? mode : "paint";
    if (app.mode === "all") for (const one of app.session.results) one.seen ||= Boolean(one.bitmap);
    else if (app.mode !== "paint") app.result.seen = true;
    document.body.dataset.mode = app.mode;
    app.stage.arrange();
    app.results.list();
    app.refresh();
  },

  setTool(tool) {
    app.tool = tool;
    document.body.dataset.tool = tool;
    for (const button of document.querySelectorAll("[data-tool]:not(body)")) button.setAttribute("aria-checked", button.dataset.tool === tool);
    if (app.mode !== "paint") app.setMode("paint");
  },

  /* The slider is a logarithm: fine steps for small brushes. */
  setSize(size) {
    app.size = Math.max(1, Math.min(LARGEST, Math.round(size)));
    at("size").value = (100 * Math.log(app.size)) / Math.log(LARGEST);
    at("size-told").textContent = `${app.size} px`;
  },

  refresh() {
    const { session } = app;
    const share = session ? session.mask.count / (session.info.width * session.info.height) : 0;
    at("painted").textContent = share ? `${(100 * share).toFixed(share < 0.01 ? 2 : 1)} % · ${session.mask.count.toLocaleString("en")} px` : "nothing painted";
    at("undo").disabled = !session?.mask.done.length;
    at("redo").disabled = !session?.mask.undone.length;
    at("modes").hidden = !app.result;
    for (const button of document.querySelectorAll("#modes button")) button.setAttribute("aria-checked", button.dataset.mode === app.mode);
  },

  /* What a pointer does to the hole. */
  draw: {
    start(point, event) {
      if (app.mode !== "paint" || app.tool === "hand" || held.has(" ") || !app.session) return false;
      app.busy = true;
      stroke = { value: app.tool === "eraser" || event.altKey ? 0 : 1, points: [point] };
      if (app.tool === "brush" || app.tool === "eraser") app.session.mask.line(point, point, app.size / 2, stroke.value);
      app.stage.redraw();
      return true;
    },
    move(points) {
      for (const point of points) {
        if (app.tool === "brush" || app.tool === "eraser") app.session.mask.line(stroke.points.at(-1), point, app.size / 2, stroke.value);
        stroke.points.push(point);
      }
      const [[x0, y0], [x1, y1]] = [stroke.points[0], stroke.points.at(-1)];
      if (app.tool === "box") app.stage.outline = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
      if (app.tool === "lasso") app.stage.outline = stroke.points;
      app.stage.redraw();
    },
    end() {
      const { mask } = app.session;
      const { points, value } = stroke;
      if (app.tool === "box" && points.length > 1) mask.rectangle(points[0].map(Math.round), points.at(-1).map(Math.round), value);
      if (app.tool === "lasso" && points.length > 2) mask.polygon(points, value);
      app.draw.leave();
      change();
    },
    abandon() {
      app.session.mask.abandon();
      app.draw.leave();
    },
    leave() {
      app.busy = false;
      app.stage.outline = null;
      app.stage.redraw();
    },
  },
};
let stroke = null;
const held = new Set(); // keys

app.stage = new Stage(app);
app.results = new Results(app);

/* Do something with the hole, as one step. */
function change(act = () => {}) {
  if (!app.session) return;
  act(app.session.mask);
  app.session.mask.commit();
  app.stage.redraw();
  app.refresh();
}

function step(way) {
  if (!app.session || app.busy) return;
  app.session.mask[way]();
  app.stage.redraw();
  app.refresh();
}

/* Let a button or a key do what may be refused. */
function doing(act) {
  return async (...words) => {
    try {
      await act(...words);
    } catch (error) {
      app.note(error.message);
    }
  };
}

const openFile = doing(async (file) => {
  at("title").textContent = `opening ${file.name}…`;
  try {
    await app.begin(await send(`pictures?name=${encodeURIComponent(file.name)}`, file));
  } finally {
    app.entitle();
  }
});

const loadMask = doing(async (file) => {
  await app.session.mask.load(file);
  change();
});

const setTruth = doing(async (where, file) => {
  const { session } = app;
  const before = session.truth;
  try {
    const path = `pictures/${session.info.id}/truth`;
    if (where === "none") await ask(path, { method: "POST" });
    if (where === "self") await ask(`${path}?self=1`, { method: "POST" });
    if (where === "file") await send(path, file);
    session.truth = { none: null, self: session.bitmap }[where] ?? (where === "file" ? await picture(`${path}.png`) : null);
  } finally {
    if (session.truth === before) at("truth").value = !before ? "none" : before === session.bitmap ? "self" : "file";
  }
  app.stage.arrange();
});

const makeCase = doing(async () => {
  const made = await ask(`pictures/${app.session.info.id}/case`, { method: "POST", body: await app.session.mask.file() });
  app.note(`${made.name} is in ${made.folder}. Judge a model on all of them: ${made.command}`);
});

async function saveMask() {
  const name = app.session.info.name.replace(/\.[^.]*$/, "");
  const address = URL.createObjectURL(await app.session.mask.file());
  save(address, `${name}.png`);
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

const by = () => Math.max(1, Math.min(500, Math.round(Number(at("by").value)) || 1));
const acts = {
  grow: () => change((mask) => mask.grow(by())),
  shrink: () => change((mask) => mask.grow(-by())),
  inside: () => change((mask) => mask.fillInside()),
  invert: () => change((mask) => mask.invert()),
  clear: () => change((mask) => mask.clear()),
  undo: () => step("undo"),
  redo: () => step("redo"),
  fit: () => app.session && app.stage.fit(),
  open: () => at("file").click(),
  choose: () => at("file").click(),
  "load-mask": () => at("mask-file").click(),
  "save-mask": () => app.session && saveMask(),
  case: () => app.session && makeCase(),
  "keys-button": () => at("keys").showModal(),
};
for (const [id, act] of Object.entries(acts)) {
  at(id).addEventListener("click", () => {
    if (["grow", "shrink", "inside", "invert", "clear"].includes(id) && app.mode !== "paint") app.setMode("paint");
    act();
  });
}
for (const button of document.querySelectorAll("#tools [data-tool]")) button.addEventListener("click", () => app.setTool(button.dataset.tool));
for (const button of document.querySelectorAll("#modes button")) button.addEventListener("click", () => app.setMode(button.dataset.mode));
at("size").addEventListener("input", () => app.setSize(LARGEST ** (at("size").value / 100)));

function whenChosen(id, act) {
  at(id).addEventListener("change", () => {
    const [file] = at(id).files;
    at(id).value = ""; // so that the same file can be chosen again
    if (file) act(file);
  });
}
whenChosen("file", openFile);
whenChosen("mask-file", loadMask);
whenChosen("truth-file", (file) => setTruth("file", file));
at("truth").addEventListener("change", () => {
  const where = at("truth").value;
  if (where !== "file") setTruth(where);
  else {
    at("truth").value = !app.session.truth ? "none" : app.session.truth === app.session.bitmap ? "self" : "file";
    at("truth-file").click();
  }
});

/* A picture that is dropped or pasted. */
addEventListener("dragover", (event) => {
  event.preventDefault();
  at("drop").hidden = false;
});
addEventListener("dragleave", (event) => event.relatedTarget ?? (at("drop").hidden = true));
addEventListener("drop", (event) => {
  event.preventDefault();
  at("drop").hidden = true;
  const [file] = event.dataTransfer.files;
  if (file) openFile(file);
});
addEventListener("paste", (event) => {
  const [file] = event.clipboardData.files;
  if (file) openFile(file);
});

at("flip").addEventListener("pointerdown", (event) => {
  at("flip").setPointerCapture(event.pointerId);
  app.stage.flip(true);
});
for (const over of ["pointerup", "pointercancel"]) at("flip").addEventListener(over, () => app.stage.flip(false));

function neighbour(way) {
  const done = app.session?.results.filter((one) => one.bitmap) ?? [];
  if (done.length) app.choose(done[(done.indexOf(app.result) + way + done.length) % done.length], app.mode === "paint" ? "compare" : app.mode);
}

function zoomBy(factor) {
  const { canvas } = app.stage.panes[0];
  app.stage.view.zoom(factor, canvas.clientWidth / 2, canvas.clientHeight / 2);
}

const keys = {
  b: () => app.setTool("brush"),
  e: () => app.setTool("eraser"),
  r: () => app.setTool("box"),
  l: () => app.setTool("lasso"),
  h: () => app.setTool("hand"),
  "[": () => app.setSize(Math.min(app.size - 1, app.size / 1.15)),
  "]": () => app.setSize(Math.max(app.size + 1, app.size * 1.15)),
  g: acts.grow,
  s: acts.shrink,
  i: acts.inside,
  x: acts.invert,
  delete: acts.clear,
  "+": () => zoomBy(1.25),
  "=": () => zoomBy(1.25),
  "-": () => zoomBy(0.8),
  0: acts.fit,
  1: () => zoomBy(1 / app.stage.view.scale / (devicePixelRatio || 1)),
  enter: () => app.results.fill(),
  p: () => app.setMode("paint"),
  c: () => app.setMode("compare"),
  d: () => app.setMode("difference"),
  a: () => app.setMode("all"),
  arrowup: () => neighbour(-1),
  arrowdown: () => neighbour(1),
  o: () => app.stage.flip(true),
  " ": () => {},
};
addEventListener("keydown", (event) => {
  const typing = event.target.matches("input:not([type=range], [type=checkbox]), select");
  if (typing || at("keys").open || event.defaultPrevented) return;
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    step(key === "y" || event.shiftKey ? "redo" : "undo");
    return;
  }
  const pressed = event.target.matches("button, [type=checkbox]") && (key === "enter" || key === " ");
  if (!(key in keys) || pressed || !app.session || event.altKey) return;
  if (event.target.matches("[type=range]") && key.startsWith("arrow")) return;
  event.preventDefault();
  if (event.repeat && (held.has(key) || key === "enter")) return;
  if (key === " " || key === "o") held.add(key);
  document.body.classList.toggle("moving", held.has(" "));
  keys[key]();
});
addEventListener("keyup", (event) => {
  const key = event.key.toLowerCase();
  held.delete(key);
  document.body.classList.toggle("moving", held.has(" "));
  if (key === "o") app.stage.flip(false);
});
addEventListener("blur", () => {
  held.clear();
  app.stage.flip(false);
});

app.setTool("brush");
app.setSize(30);
app.stage.arrange();
doing(async () => {
  const photo = await app.results.watch();
  if (photo) await app.begin(photo);
})();
