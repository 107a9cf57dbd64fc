/* Where the picture lies on the screen: one zoom and one place for every pane, so that all of them move together. */

const LEAST = 0.02;
const MOST = 64; // screen pixels to one of the picture's

export class View {
  constructor(redraw) {
    this.redraw = redraw;
    this.scale = 1;
    this.x = this.y = 0;
    this.fitted = true; // a window of another size fits it again
  }

  /* Show all of a picture in a pane of so many pixels, small ones enlarged up to four times. */
  fit(picture, wide, high) {
    const margin = Math.min(32, wide / 20, high / 20);
    this.scale = Math.max(LEAST, Math.min((wide - 2 * margin) / picture.width, (high - 2 * margin) / picture.height, 4));
    this.x = (wide - this.scale * picture.width) / 2;
    this.y = (high - this.scale * picture.height) / 2;
    this.fitted = true;
    this.redraw();
  }

  zoom(factor, x, y) {
    const scale = Math.max(LEAST, Math.min(MOST, this.scale * factor));
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.fitted = false;
    this.redraw();
  }

  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.fitted = false;
    this.redraw();
  }

  /* From a place in a pane to one in the picture, in its own pixels and parts of them. */
  toPicture(x, y) {
    return [(x - this.x) / this.scale, (y - this.y) / this.scale];
  }

  /* Prepare a pane's canvas, and return its context in the picture's pixels. */
  begin(canvas) {
    const ratio = devicePixelRatio || 1;
    const [wide, high] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
    if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
    const context = canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, wide, high);
    context.setTransform(ratio * this.scale, 0, 0, ratio * this.scale, ratio * this.x, ratio * this.y);
    context.imageSmoothingEnabled = this.scale * ratio < 2; // enlarged, every pixel is to be seen
    context.imageSmoothingQuality = "high";
    return context;
  }
}

/* Fingers, pen and mouse on a pane: one draws, two move and zoom.

draw: {start(point, event), move(points), end(), abandon()} in the picture's pixels; start returns whether it draws, and
otherwise the pane is moved. */
export function listenTo(pane, view, draw) {
  const fingers = new Map();
  let action = null;
  const place = (event) => {
    const box = pane.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  pane.addEventListener("pointerdown", (event) => {
    if (event.button > 1) return;
    event.preventDefault();
    pane.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, place(event));
    if (fingers.size === 2) {
      if (action === "draw") draw.abandon();
      action = "move";
    } else if (fingers.size === 1) {
      action = event.button === 0 && draw.start(view.toPicture(...place(event)), event) ? "draw" : "move";
    }
  });

  pane.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId)) return;
    const before = [...fingers.values()];
    const old = fingers.get(event.pointerId);
    const now = place(event);
    fingers.set(event.pointerId, now);
    if (action === "draw") {
      const parts = event.getCoalescedEvents?.() ?? [];
      draw.move((parts.length ? parts : [event]).map((part) => view.toPicture(...place(part))), event);
    } else if (fingers.size === 1) {
      view.pan(now[0] - old[0], now[1] - old[1]);
    } else if (fingers.size === 2) {
      const after = [...fingers.values()];
      const middle = ([a, b]) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
      const apart = ([a, b]) => Math.hypot(a[0] - b[0], a[1] - b[1]) || 1;
      view.pan(middle(after)[0] - middle(before)[0], middle(after)[1] - middle(before)[1]);
      view.zoom(apart(after) / apart(before), ...middle(after));
    }
  });

  const lift = (event) => {
    if (!fingers.delete(event.pointerId)) return;
    if (action === "draw") event.type === "pointerup" ? draw.end() : draw.abandon();
    if (action === "draw" || !fingers.size) action = null;
  };
  pane.addEventListener("pointerup", lift);
  pane.addEventListener("pointercancel", lift);

  pane.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const lines = event.deltaMode ? 30 : 1;
      view.zoom(Math.exp((-event.deltaY * lines) / 400), ...place(event));
    },
    { passive: false },
  );
}
