/* The hole, one byte for each of the picture's own pixels, whatever the zoom: 1 = to be filled.

A step is the box that it changed and the bits in there that did, so undo and redo are the same exclusive or, and a
long history is small. */

const COLOUR = new Uint32Array(new Uint8Array([255, 64, 96, 150]).buffer)[0]; // of the overlay, red, green, blue, alpha

export class Mask {
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.bits = new Uint8Array(width * height);
    this.kept = new Uint8Array(width * height); // as the last step left it
    this.done = [];
    this.undone = [];
    this.count = 0;
    this.canvas = Object.assign(document.createElement("canvas"), { width, height });
    this.context = this.canvas.getContext("2d");
    this.box = null; // what has changed since
  }

  /* Every pixel whose centre lies within the radius of the line, and those that the line goes through. */
  line([x0, y0], [x1, y1], radius, value) {
    const box = this.clip(Math.min(x0, x1) - radius, Math.min(y0, y1) - radius, Math.max(x0, x1) + radius, Math.max(y0, y1) + radius);
    const [dx, dy] = [x1 - x0, y1 - y0];
    const length = dx * dx + dy * dy;
    for (let y = box.top; y < box.bottom; y++) {
      for (let x = box.left; x < box.right; x++) {
        const [px, py] = [x + 0.5 - x0, y + 0.5 - y0];
        const along = length ? Math.max(0, Math.min(1, (px * dx + py * dy) / length)) : 0;
        const [ex, ey] = [px - along * dx, py - along * dy];
        if (ex * ex + ey * ey <= radius * radius) this.bits[y * this.width + x] = value;
      }
    }
    const steps = Math.ceil(2 * Math.max(Math.abs(dx), Math.abs(dy))) || 1;
    for (let step = 0; step <= steps; step++) {
      const [x, y] = [Math.floor(x0 + (dx * step) / steps), Math.floor(y0 + (dy * step) / steps)];
      if (x >= 0 && y >= 0 && x < this.width && y < this.height) this.bits[y * this.width + x] = value;
    }
    this.touch(this.clip(box.left - 1, box.top - 1, box.right + 1, box.bottom + 1));
  }

  rectangle([x0, y0], [x1, y1], value) {
    const box = this.clip(Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1));
    for (let y = box.top; y < box.bottom; y++) this.bits.fill(value, y * this.width + box.left, y * this.width + box.right);
    this.touch(box);
  }

  /* Every pixel whose centre lies inside, by the even-odd rule. */
  polygon(points, value) {
    const [xs, ys] = [points.map((point) => point[0]), points.map((point) => point[1])];
    const box = this.clip(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys));
    for (let y = box.top; y < box.bottom; y++) {
      const crossings = [];
      points.forEach(([xa, ya], index) => {
        const [xb, yb] = points[(index + 1) % points.length];
        if (ya <= y + 0.5 !== yb <= y + 0.5) crossings.push(xa + ((y + 0.5 - ya) / (yb - ya)) * (xb - xa));
      });
      crossings.sort((a, b) => a - b);
      for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
        const [from, to] = [Math.max(0, Math.ceil(crossings[pair] - 0.5)), Math.min(this.width, Math.ceil(crossings[pair + 1] - 0.5))];
        if (to > from) this.bits.fill(value, y * this.width + from, y * this.width + to);
      }
    }
    this.touch(box);
  }

  invert() {
    for (let index = 0; index < this.bits.length; index++) this.bits[index] ^= 1;
    this.touch(this.all());
  }

  clear() {
    this.bits.fill(0);
    this.touch(this.all());
  }

  replace(bits) {
    this.bits.set(bits);
    this.touch(this.all());
  }

  /* Fill what the hole encloses: known pixels from which no way leads to the picture's border. */
  fillInside() {
    const { width, height, bits } = this;
    const open = new Uint8Array(bits.length);
    const stack = [];
    const reach = (index) => {
      if (!bits[index] && !open[index]) {
        open[index] = 1;
        stack.push(index);
      }
    };
    for (let x = 0; x < width; x++) [x, (height - 1) * width + x].forEach(reach);
    for (let y = 0; y < height; y++) [y * width, y * width + width - 1].forEach(reach);
    while (stack.length) {
      const index = stack.pop();
      const x = index % width;
      if (x) reach(index - 1);
      if (x < width - 1) reach(index + 1);
      if (index >= width) reach(index - width);
      if (index < bits.length - width) reach(index + width);
    }
    for (let index = 0; index < bits.length; index++) bits[index] = open[index] ? 0 : 1;
    this.touch(this.all());
  }

  /* All that lies no further from the hole than so many pixels; below 0 the same for what is known. */
  grow(pixels) {
    const value = pixels > 0 ? 1 : 0;
    const source = this.bits.slice();
    const reach = Math.abs(pixels);
    const { width, height } = this;
    const away = new Int32Array(source.length); // rows to the nearest such pixel of the same column
    for (let x = 0; x < width; x++) {
      let rows = reach + 1;
      for (let y = 0; y < height; y++) away[y * width + x] = rows = source[y * width + x] === value ? 0 : rows + 1;
      rows = reach + 1;
      for (let y = height - 1; y >= 0; y--) {
        rows = source[y * width + x] === value ? 0 : rows + 1;
        if (rows < away[y * width + x]) away[y * width + x] = rows;
      }
    }
    const edges = new Int32Array(width + 1);
    for (let y = 0; y < height; y++) {
      edges.fill(0);
      for (let x = 0; x < width; x++) {
        const rows = away[y * width + x];
        if (rows > reach) continue;
        const wide = Math.floor(Math.sqrt(reach * reach - rows * rows));
        edges[Math.max(0, x - wide)]++;
        edges[Math.min(width, x + wide + 1)]--;
      }
      for (let x = 0, inside = 0; x < width; x++) if ((inside += edges[x])) this.bits[y * width + x] = value;
    }
    this.touch(this.all());
  }

  /* Make one step of all that has changed; nothing where nothing has. */
  commit() {
    const { box } = this;
    this.box = null;
    if (!box) return false;
    const wide = box.right - box.left;
    const changed = new Uint8Array(Math.ceil((wide * (box.bottom - box.top)) / 8));
    let any = false;
    this.walk(box, (index, number) => {
      if (this.bits[index] === this.kept[index]) return;
      any = true;
      changed[number >> 3] |= 1 << (number & 7);
      this.count += this.bits[index] ? 1 : -1;
      this.kept[index] = this.bits[index];
    });
    if (!any) return false;
    this.done.push({ box, changed });
    this.undone = [];
    return true;
  }

  /* Forget what has changed since the last step. */
  abandon() {
    if (!this.box) return;
    const { box } = this;
    this.walk(box, (index) => (this.bits[index] = this.kept[index]));
    this.box = null;
    this.paint(box);
  }

  undo() {
    this.swap(this.done, this.undone);
  }

  redo() {
    this.swap(this.undone, this.done);
  }

  swap(from, to) {
    this.abandon();
    const step = from.pop();
    if (!step) return;
    this.walk(step.box, (index, number) => {
      if (!(step.changed[number >> 3] & (1 << (number & 7)))) return;
      this.kept[index] = this.bits[index] ^= 1;
      this.count += this.bits[index] ? 1 : -1;
    });
    to.push(step);
    this.paint(step.box);
  }

  walk(box, visit) {
    let number = 0;
    for (let y = box.top; y < box.bottom; y++) {
      for (let x = box.left; x < box.right; x++) visit(y * this.width + x, number++);
    }
  }

  /* The box around the hole, which is not empty. */
  bounds() {
    const { width, bits } = this;
    const top = Math.floor(bits.indexOf(1) / width);
    const bottom = Math.floor(bits.lastIndexOf(1) / width) + 1;
    let [left, right] = [width, 0];
    for (let y = top; y < bottom; y++) {
      const row = bits.subarray(y * width, (y + 1) * width);
      const first = row.indexOf(1);
      if (first >= 0) [left, right] = [Math.min(left, first), Math.max(right, row.lastIndexOf(1) + 1)];
    }
    return { left, top, right, bottom };
  }

  all() {
    return { left: 0, top: 0, right: this.width, bottom: this.height };
  }

  /* The whole pixels of a box, as far as the picture goes. */
  clip(left, top, right, bottom) {
    const between = (value, most) => Math.max(0, Math.min(most, value));
    return {
      left: between(Math.floor(left), this.width),
      top: between(Math.floor(top), this.height),
      right: between(Math.ceil(right), this.width),
      bottom: between(Math.ceil(bottom), this.height),
    };
  }

  touch(box) {
    const old = this.box ?? box;
    this.box = {
      left: Math.min(old.left, box.left),
      top: Math.min(old.top, box.top),
      right: Math.max(old.right, box.right),
      bottom: Math.max(old.bottom, box.bottom),
    };
    this.paint(box);
  }

  /* Draw a box of the overlay anew. */
  paint(box) {
    const [wide, high] = [box.right - box.left, box.bottom - box.top];
    if (wide <= 0 || high <= 0) return;
    const image = this.context.createImageData(wide, high);
    const colours = new Uint32Array(image.data.buffer);
    this.walk(box, (index, number) => (colours[number] = this.bits[index] ? COLOUR : 0));
    this.context.putImageData(image, box.left, box.top);
  }

  /* A PNG of black and white, the hole white. */
  file() {
    const canvas = Object.assign(document.createElement("canvas"), { width: this.width, height: this.height });
    const context = canvas.getContext("2d");
    const image = context.createImageData(this.width, this.height);
    const colours = new Uint32Array(image.data.buffer);
    this.bits.forEach((hole, index) => (colours[index] = hole ? 0xffffffff : 0xff000000));
    context.putImageData(image, 0, 0);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  }

  /* Take a mask's file: what is brighter than half of white, and opaque, is the hole. */
  async load(file) {
    const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none" }).catch(() => {
      throw new Error(`${file.name}: no picture that this browser can read`);
    });
    if (bitmap.width !== this.width || bitmap.height !== this.height) {
      throw new Error(`${file.name}: ${bitmap.width}×${bitmap.height} px, but the picture has ${this.width}×${this.height}`);
    }
    const data = pixelsOf(bitmap);
    const bits = new Uint8Array(this.bits.length);
    for (let index = 0; index < bits.length; index++) {
      const place = 4 * index;
      const luma = 0.299 * data[place] + 0.587 * data[place + 1] + 0.114 * data[place + 2];
      bits[index] = luma > 127.5 && data[place + 3] > 127 ? 1 : 0;
    }
    this.replace(bits);
  }
}

export function pixelsOf(bitmap) {
  const canvas = Object.assign(document.createElement("canvas"), { width: bitmap.width, height: bitmap.height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height).data;
}
