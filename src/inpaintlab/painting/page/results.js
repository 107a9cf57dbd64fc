/* The models, what they have been asked, and what they made of it. */

import { ask, picture, save } from "./server.js";

const PAUSE = 250; // ms between two looks at a job
const LOOK = 1000; // ms between two looks at models that are being loaded
const at = (id) => document.getElementById(id);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function make(tag, fields = {}, ...children) {
  const element = Object.assign(document.createElement(tag), fields);
  element.append(...children);
  return element;
}

export class Results {
  constructor(app) {
    this.app = app;
    this.models = [];
    this.off = new Set(); // models that are not to fill
    this.lost = new Set(); // models that could not be loaded, when last looked at
    this.looking = false;
    at("fill").addEventListener("click", () => this.fill());
  }

  /* Show the models, and look again while any is being loaded; returns the picture that the server began with. */
  async watch() {
    const state = await ask("state");
    if (!this.looking) this.look(state).catch((error) => this.app.note(error.message));
    return state.photo;
  }

  async look(state) {
    this.looking = true;
    try {
      for (; ; state = await ask("state")) {
        this.models = state.models;
        const lost = this.models.filter((model) => model.state === "failed").map((model) => model.name);
        for (const name of lost) if (!this.lost.has(name)) this.off.add(name);
        this.lost = new Set(lost);
        this.listModels();
        if (!this.models.some((model) => model.state === "loading")) return;
        await sleep(LOOK);
      }
    } finally {
      this.looking = false;
    }
  }

  listModels() {
    const rows = this.models.map((model) => {
      const check = make("input", { type: "checkbox", checked: !this.off.has(model.name) });
      check.addEventListener("change", () => {
        this.off[check.checked ? "delete" : "add"](model.name);
        this.refresh();
      });
      const state = { loading: "loading…", failed: "tick to try again", ready: model.blind ? "needs no hole" : "" }[model.state];
      const label = make("label", {}, check, make("span", { textContent: model.name, title: model.name }), make("small", { textContent: state }));
      if (model.message) label.append(make("small", { className: "why", textContent: model.message }));
      return make("li", {}, label);
    });
    at("models").replaceChildren(...rows);
    this.refresh();
  }

  chosen() {
    return this.models.filter((model) => !this.off.has(model.name));
  }

  refresh() {
    const count = this.chosen().length;
    at("fill").disabled = !this.app.session || !count;
    at("fill").textContent = count > 1 ? `Fill with ${count} models` : "Fill";
  }

  /* Ask every chosen model; each answer is shown as it comes. */
  async fill() {
    const { session } = this.app;
    if (!session) return;
    const painted = session.mask.count > 0;
    const models = this.chosen().filter((model) => painted || model.blind);
    if (!models.length) {
      this.app.note(this.chosen().length ? "Paint over what should go, first." : "Choose a model, first.");
      return;
    }
    const file = painted ? await session.mask.file() : undefined;
    const around = painted ? session.mask.bounds() : session.mask.all();
    this.fresh = true; // the first answer is shown at once
    for (const [number, model] of models.entries()) {
      const result = { model: model.name, state: "waiting", session, around };
      const old = session.results.find((one) => one.model === model.name && one.state !== "done");
      if (old) this.remove(old);
      session.results.splice(number, 0, result);
      const where = `fills?picture=${session.info.id}&model=${encodeURIComponent(model.name)}`;
      this.follow(result, ask(where, { method: "POST", body: model.blind ? undefined : file }));
    }
    this.list();
    at("results-section").scrollIntoView({ block: "nearest" });
  }

  async follow(result, asked) {
    try {
      let record = await asked;
      if (this.lost.has(result.model)) await this.watch(); // it is loaded again
      for (; ; record = await ask(`fills/${record.id}`)) {
        const arrives = record.state === "done" && !result.bitmap;
        if (arrives) result.bitmap = await picture(`fills/${record.id}.png`); // only then the card says that it is done
        Object.assign(result, record);
        if (arrives) this.arrived(result);
        if (result.state === "running") result.begun ??= performance.now();
        this.list();
        if (!["waiting", "running"].includes(result.state) && !result.scoring) break;
        await sleep(PAUSE);
      }
    } catch (error) {
      // What is filled is kept: only its scores are missing.
      Object.assign(result, result.bitmap ? { scoring: false, unscored: error.message } : { state: "failed", message: error.message });
    }
    if (result.state === "cancelled") this.remove(result);
    this.list();
  }

  /* The first answer is shown at once; a later one changes nothing of what is looked at, and is marked as new. */
  arrived(result) {
    const { app } = this;
    if (result.session !== app.session) return;
    if (this.fresh && !app.busy) {
      this.fresh = false;
      app.choose(result, app.mode === "paint" ? "compare" : app.mode);
    } else if (app.mode === "all") app.setMode("all");
    app.refresh();
  }

  remove(result) {
    const { results } = result.session;
    if (results.includes(result)) results.splice(results.indexOf(result), 1);
  }

  list() {
    const { session } = this.app;
    at("results-section").hidden = !session?.results.length;
    const unseen = session?.results.filter((one) => one.bitmap && !one.seen).length;
    const told = unseen ? `${unseen} new` : "";
    if (at("unseen").textContent !== told) at("unseen").textContent = told; // a screen reader says every change
    const cards = (session?.results ?? []).map((result) => this.card(result));
    const here = [...at("results").children];
    if (cards.length !== here.length || cards.some((card, number) => card !== here[number])) at("results").replaceChildren(...cards);
  }

  /* A result's card; while it is waited for only its texts change, so that a click on it is never lost. */
  card(result) {
    const kind = `${result.state} ${result.id} ${Boolean(result.bitmap)}`;
    if (result.card?.dataset.kind !== kind) result.card = this.makeCard(result, kind);
    const { card } = result;
    const waited = result.begun && `${((performance.now() - result.begun) / 1000).toFixed(0)} s`;
    card.querySelector("time").textContent = result.state === "done" ? `${result.seconds.toFixed(2)} s` : waited || "";
    card.querySelector(".told").textContent = this.told(result);
    card.querySelector(".new").hidden = !result.bitmap || Boolean(result.seen);
    if (result.bitmap) card.setAttribute("aria-current", result === this.app.result);
    return card;
  }

  makeCard(result, kind) {
    const card = make("li", { className: `card ${result.state}` });
    card.dataset.kind = kind;
    card.append(result.bitmap ? thumbnail(result.bitmap, result.around) : make("div", { className: "blank" }));
    const name = make("span", { textContent: result.model, title: result.model });
    card.append(make("div", { className: "name" }, name, make("small", { className: "new", textContent: "new" }), make("time")));
    card.append(make("p", { className: "told", title: result.how ?? "" }));
    const row = make("div", { className: "do" });
    const button = (text, act) => {
      const one = make("button", { type: "button", textContent: text });
      one.addEventListener("click", (event) => {
        event.stopPropagation();
        Promise.resolve(act()).catch((error) => this.app.note(error.message));
      });
      row.append(one);
    };
    if (result.bitmap) {
      card.tabIndex = 0;
      const show = () => this.app.choose(result, this.app.mode === "paint" ? "compare" : this.app.mode);
      card.addEventListener("click", show);
      card.addEventListener("keydown", (event) => event.key === "Enter" && event.target === card && (event.stopPropagation(), show()));
      button("Go on with it", () => this.take(result));
      button("Download", () => save(`api/fills/${result.id}/file`, result.file));
    } else if (result.state === "failed") button("Dismiss", () => (this.remove(result), this.list()));
    else if (result.id) button("Cancel", () => ask(`fills/${result.id}`, { method: "DELETE" }));
    card.append(row);
    return card;
  }

  told(result) {
    if (result.state === "waiting") return result.place > 1 ? `waiting, ${result.place - 1} before it` : "waiting";
    if (result.state === "running") return "filling…";
    if (result.state === "failed") return result.message;
    if (result.scoring) return "scoring…";
    if (result.unscored) return `no scores: ${result.unscored}`;
    const { scores } = result;
    if (!scores) return result.how || "";
    const parts = [];
    if (scores.psnr !== undefined) parts.push(scores.psnr === null ? "no error" : `${scores.psnr.toFixed(2)} dB`);
    if (scores.ssim != null) parts.push(`SSIM ${scores.ssim.toFixed(3)}`);
    if (scores.l1 != null) parts.push(`error ${(100 * scores.l1).toFixed(2)} %`);
    const whole = parts.map((part) => part.replaceAll(" ", "\u00a0")); // a line ends between two scores only
    return `in the hole: ${whole.join(", ")}`;
  }

  /* Take a result as the new picture; the old one stays in the history. */
  async take(result) {
    const info = await ask(`pictures?fill=${result.id}`, { method: "POST" });
    await this.app.begin(info, result.model);
  }

  listHistory() {
    const { sessions, session } = this.app;
    at("history-section").hidden = sessions.length < 2;
    at("history").replaceChildren(
      ...sessions.map((one) => {
        const button = make("button", { type: "button", title: one.info.name }, thumbnail(one.bitmap), make("span", { textContent: one.from ?? one.info.name }));
        button.setAttribute("aria-current", one === session);
        button.addEventListener("click", () => this.app.show(one));
        return make("li", {}, button);
      }),
    );
  }
}

const drawn = new WeakMap();

/* A small square of the picture: a box and a little around it, or the picture's middle. */
function thumbnail(bitmap, { left, top, right, bottom } = { left: 0, top: 0, right: bitmap.width, bottom: bitmap.height }) {
  if (!drawn.has(bitmap)) {
    const canvas = make("canvas", { width: 144, height: 144 });
    const side = Math.min(bitmap.width, bitmap.height, Math.max(32, 1.4 * Math.max(right - left, bottom - top)));
    const place = (from, to, length) => Math.max(0, Math.min(length - side, (from + to - side) / 2));
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, place(left, right, bitmap.width), place(top, bottom, bitmap.height), side, side, 0, 0, 144, 144);
    drawn.set(bitmap, canvas);
  }
  const source = drawn.get(bitmap);
  const copy = make("canvas", { width: 144, height: 144 });
  copy.getContext("2d").drawImage(source, 0, 0);
  return copy;
}
