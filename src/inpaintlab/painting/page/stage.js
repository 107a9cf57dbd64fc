/* The panes: the picture with the hole over it, or beside, over and against what models made of it. */

import { pixelsOf } from "./mask.js";
import { listenTo, View } from "./view.js";

const GAIN = 4; // of the difference
const at = (id) => document.getElementById(id);

export class Stage {
  constructor(app) {
    this.app = app;
    this.view = new View(() => this.redraw());
    this.panes = [];
    this.split = 0.5; // where the divider stands, as a share of the stage's width
    this.flipped = false;
    this.outline = null; // of the box or lasso that is being drawn
    this.asked = false;
    new ResizeObserver(() => this.resize()).observe(at("stage"));
    this.listenToDivider();
  }

  /* Make as many panes as the mode has, with their names. */
  arrange() {
    const { session, mode, result } = this.app;
    const named = { paint: [null], compare: [null], difference: [null] };
    const done = session ? session.results.filter((one) => one.bitmap) : [];
    const kinds = mode === "all" ? [null, ...done] : named[mode];
    at("panes").replaceChildren();
    this.panes = kinds.map((kind) => this.addPane(kind));
    this.name(mode, result);
    const columns = this.columns(kinds.length);
    at("panes").style.gridTemplate = `repeat(${Math.ceil(kinds.length / columns)}, minmax(0, 1fr)) / repeat(${columns}, minmax(0, 1fr))`;
    at("divider").hidden = mode !== "compare";
    at("flip").hidden = !(session && result) || mode === "all";
    at("ring").hidden = true;
    if (session && this.panes.length !== this.shown) this.fit();
    this.shown = this.panes.length;
    this.redraw();
  }

  /* So many beside each other that the panes come nearest to the picture's shape. */
  columns(count) {
    const { clientWidth, clientHeight } = at("stage");
    const { width, height } = this.app.session?.bitmap ?? { width: 1, height: 1 };
    let [best, most] = [1, 0];
    for (let columns = 1; columns <= count; columns++) {
      const scale = Math.min(clientWidth / columns / width, clientHeight / Math.ceil(count / columns) / height);
      if (scale > most) [best, most] = [columns, scale];
    }
    return best;
  }

  addPane(result) {
    const pane = Object.assign(document.createElement("div"), { className: "pane" });
    const canvas = document.createElement("canvas");
    pane.append(canvas);
    at("panes").append(pane);
    listenTo(canvas, this.view, this.app.draw);
    canvas.addEventListener("pointermove", (event) => this.moveRing(event));
    canvas.addEventListener("pointerleave", () => (at("ring").hidden = true));
    return { pane, canvas, result };
  }

  name(mode, result) {
    const label = (pane, text, side = "") => pane.append(Object.assign(document.createElement("p"), { textContent: text, className: side }));
    const against = this.app.session?.truth ? "truth" : "original";
    if (mode === "all") this.panes.forEach(({ pane, result: one }) => label(pane, one ? told(one) : "original"));
    if (mode === "difference" && result) label(this.panes[0].pane, `${result.model} − ${against}, ×${GAIN}`);
    if (mode === "compare" && result) {
      label(this.panes[0].pane, "original");
      label(this.panes[0].pane, told(result), "right");
    }
  }

  resize() {
    if (this.app.session && this.view.fitted) this.fit();
    this.redraw();
  }

  fit() {
    const { canvas } = this.panes[0];
    this.view.fit(this.app.session.bitmap, canvas.clientWidth, canvas.clientHeight);
  }

  redraw() {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame(() => {
      this.asked = false;
      this.draw();
    });
  }

  draw() {
    const { session, mode, result } = this.app;
    if (!session) return;
    for (const { canvas, result: own } of this.panes) {
      const context = this.view.begin(canvas);
      if (mode === "paint") this.drawPainting(context);
      else if (mode === "all") context.drawImage((!this.flipped && own?.bitmap) || session.bitmap, 0, 0);
      else if (mode === "difference") context.drawImage(this.flipped ? session.bitmap : this.differenceOf(result), 0, 0);
      else this.drawComparison(context, canvas);
    }
    at("zoom").textContent = `${Math.round(this.view.scale * (devicePixelRatio || 1) * 100)} %`;
    const box = at("stage").getBoundingClientRect();
    at("divider").style.left = `${this.split * box.width}px`;
    at("divider").setAttribute("aria-valuenow", Math.round(this.split * 100));
  }

  drawPainting(context) {
    const { session } = this.app;
    context.drawImage(session.bitmap, 0, 0);
    if (!this.flipped) context.drawImage(session.mask.canvas, 0, 0);
    if (!this.outline) return;
    context.lineWidth = 1.5 / this.view.scale;
    for (const [colour, dash] of [["#fff", []], ["#000", [5 / this.view.scale, 5 / this.view.scale]]]) {
      context.strokeStyle = colour;
      context.setLineDash(dash);
      context.beginPath();
      this.outline.forEach(([x, y]) => context.lineTo(x, y));
      context.closePath();
      context.stroke();
    }
  }

  drawComparison(context, canvas) {
    const { session, result } = this.app;
    context.drawImage(session.bitmap, 0, 0);
    if (this.flipped) return;
    const [left] = this.view.toPicture(this.split * canvas.clientWidth, 0);
    context.save();
    context.beginPath();
    context.rect(left, -1e6, 1e7, 1e7);
    context.clip();
    context.clearRect(0, 0, session.bitmap.width, session.bitmap.height);
    context.drawImage(result.bitmap, 0, 0);
    context.restore();
  }

  /* |result - original|, channel by channel, brightened; against the truth where it is known. */
  differenceOf(result) {
    const { session } = this.app;
    const against = session.truth ?? session.bitmap;
    if (result.difference?.against === against) return result.difference.canvas;
    const [first, second] = [pixelsOf(result.bitmap), pixelsOf(against)];
    const canvas = Object.assign(document.createElement("canvas"), { width: against.width, height: against.height });
    const context = canvas.getContext("2d");
    const image = context.createImageData(canvas.width, canvas.height);
    for (let index = 0; index < first.length; index++) {
      image.data[index] = (index & 3) === 3 ? 255 : GAIN * Math.abs(first[index] - second[index]);
    }
    context.putImageData(image, 0, 0);
    result.difference = { against, canvas };
    return canvas;
  }

  flip(on) {
    this.flipped = on;
    this.redraw();
  }

  /* The brush's outline under a mouse or a pen. */
  moveRing(event) {
    const ring = at("ring");
    const brush = this.app.mode === "paint" && ["brush", "eraser"].includes(this.app.tool);
    ring.hidden = !brush || event.pointerType === "touch";
    if (ring.hidden) return;
    const box = at("stage").getBoundingClientRect();
    const side = Math.max(4, this.app.size * this.view.scale);
    ring.style.width = ring.style.height = `${side}px`;
    ring.style.transform = `translate(${event.clientX - box.left - side / 2}px, ${event.clientY - box.top - side / 2}px)`;
  }

  listenToDivider() {
    const divider = at("divider");
    const move = (split) => {
      this.split = Math.max(0, Math.min(1, split));
      this.redraw();
    };
    divider.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      divider.focus();
      divider.setPointerCapture(event.pointerId);
    });
    divider.addEventListener("pointermove", (event) => {
      if (!divider.hasPointerCapture(event.pointerId)) return;
      const box = at("stage").getBoundingClientRect();
      move((event.clientX - box.left) / box.width);
    });
    divider.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -0.02, ArrowRight: 0.02 }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      move(this.split + step);
    });
  }
}

const told = (result) => `${result.model}  ${result.seconds.toFixed(2)} s`;
