// Curves that follow a slider while it is dragged: the browser's half of pages/ui/live.py.
//
// The page is handed, for every step of a slider, what its charts and texts look like
// there ("parts"). While a visitor moves the slider, this shows the part's row for the
// slider's present step, at most once a frame. Releasing the slider is Streamlit's
// affair: it reruns the fragment and mounts each chart whose figure has changed anew.
// So that this is not seen, the old picture stays until the new one is drawn, and zoom
// and hidden curves are carried over. A picture that is out of sight, as on a phone, is lifted
// to the slider while it is moved.
//
// Everything here is an enhancement: where something is missing, nothing happens.

const HUB = Symbol.for("live-sweep");
const REST = 1000; // milliseconds without a move after which Plotly is brought up to date
const GAP = -(2 ** 31); // stands for a gap where values are counted in a unit
const SIGHT = 150; // milliseconds after which the sweeps of sliders in view are asked for

/** Run `action`, and take no harm from it: a page without this is a working page. */
function harmless(action) {
  const report = (error) => console.debug("live_sweep:", error);
  try {
    const result = action();
    if (typeof result?.catch === "function") result.catch(report);
    return result;
  } catch (error) {
    report(error);
    return undefined;
  }
}

/** The element with this key; of two (a new one and the one it replaces), the new one. */
function byKey(key) {
  const found = [...document.querySelectorAll(`.st-key-${CSS.escape(key)}`)];
  return found.find(({ dataset }) => dataset.stale !== "true") ?? found[0] ?? null;
}

// ---------------------------------------------------------------- what was sent

/** Undo `pages.ui.live.Sweep.payload`. */
async function decode(payload) {
  const stream = new Blob([payload.subarray(8)]).stream();
  const inflated = stream.pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(inflated).arrayBuffer());
  const headEnd = 4 + new DataView(bytes.buffer).getUint32(0, true);
  const part = JSON.parse(new TextDecoder().decode(bytes.subarray(4, headEnd)));
  const steps = part.values.length;
  let offset = headEnd;
  for (const chart of part.charts) {
    for (const trace of chart.traces) {
      const [, , shape, unit, order] = trace;
      if (typeof shape[0] === "string") continue;
      const width = shape.reduce((product, n) => product * n, 1);
      const numbers = floats(bytes.subarray(offset), steps, width, unit, order);
      trace[2] = { numbers, width, shape };
      offset += 4 * steps * width;
    }
  }
  return part;
}

/** Undo `pages.ui.live.bundle`. */
function unbundle(bytes) {
  const blocks = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + view.getUint32(at, true);
    blocks.push(bytes.subarray(at + 4, end));
    at = end;
  }
  const [parts, ...payloads] = blocks;
  return { parts: JSON.parse(new TextDecoder().decode(parts)), payloads };
}

/**
 * The float32 table (steps × width) whose folded differences `bytes` holds as planes:
 * of multiples of `unit`, or if that is 0 of sortable bits. Of order 0, differences run
 * down each column, and column follows column.
 */
function floats(bytes, steps, width, unit, order) {
  const size = steps * width;
  const words = new Uint32Array(size);
  const difference = (i) => {
    const high = (bytes[i] << 24) | (bytes[size + i] << 16);
    const folded = high | (bytes[2 * size + i] << 8) | bytes[3 * size + i];
    return (folded >>> 1) ^ -(folded & 1);
  };
  if (order) {
    for (let row = 0, i = 0; row < steps; row++) {
      let value = 0;
      let slope = 0;
      for (let column = 0; column < width; column++, i++) {
        slope = (slope + difference(i)) | 0;
        value = (value + slope) | 0;
        words[i] = value;
      }
    }
  } else {
    for (let column = 0, i = 0; column < width; column++) {
      let value = 0;
      for (let at = column; at < size; at += width, i++) {
        value = (value + difference(i)) | 0;
        words[at] = value;
      }
    }
  }
  for (let time = 0; time < order; time++) {
    for (let i = width; i < size; i++) words[i] += words[i - width];
  }
  if (unit) {
    const value = (count) => (count === GAP ? NaN : count * unit);
    return Float32Array.from(new Int32Array(words.buffer), value);
  }
  for (let i = 0; i < size; i++) words[i] = words[i] >>> 31 ? words[i] & 0x7fffffff : ~words[i];
  return new Float32Array(words.buffer);
}

/** What a trace's attribute is at `row`: a string, a list, or a list of lists. */
function rowOf(source, row) {
  if (Array.isArray(source)) return source[row];
  const { numbers, width, shape } = source;
  const start = row * width;
  if (shape.length < 2) return Array.from(numbers.subarray(start, start + width));
  const columns = shape[1];
  const table = [];
  for (let i = start; i < start + width; i += columns) {
    table.push(Array.from(numbers.subarray(i, i + columns)));
  }
  return table;
}

/** Where the numbers of a list begin, and where they have ended. */
function extent(list) {
  const known = list.map((value) => value === value);
  return [known.indexOf(true), known.lastIndexOf(true) + 1];
}

/** Leave out of a trace (attribute -> values) what has no number on one of its axes. */
function cropped(changes) {
  const found = new Map(changes);
  const { x, y, z } = Object.fromEntries(changes);
  const across = x && extent(x);
  const up = z && y && extent(y);
  if (across) found.set("x", x.slice(...across));
  if (across && y && !z) found.set("y", y.slice(...across));
  if (up) found.set("y", y.slice(...up));
  const rows = z && (up ? z.slice(...up) : z);
  if (z) found.set("z", across ? rows.map((row) => row.slice(...across)) : rows);
  return found;
}

// ---------------------------------------------------------------- what is shown

function same(a, b) {
  if (a === b || (a !== a && b !== b)) return true;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
  if (a.length === undefined || a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!same(a[i], b[i])) return false;
  return true;
}

/** What stands in a layout at a path such as "shapes[0].x0". */
function at(object, path) {
  return path
    .split(/[.[\]]+/)
    .filter(Boolean)
    .reduce((value, step) => value?.[step], object);
}

/** The texts under `target`: "key", or "key[row]" or "key[row][column]" of a table in it. */
function textNodes(target) {
  const [, key, row, column] = /^(.*?)(?:\[(\d+)\](?:\[(\d+)\])?)?$/.exec(target);
  let root = byKey(key);
  if (row !== undefined) root = root?.querySelectorAll("tr")[row];
  if (column !== undefined) root = root?.children[column];
  if (!root) return [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const nodes = [];
  while (walker.nextNode()) if (walker.currentNode.nodeValue.trim()) nodes.push(walker.currentNode);
  return nodes;
}

function textsOf(target) {
  return textNodes(target).map((node) => node.nodeValue.trim());
}

/** Put `texts` in the place of the texts under `target`, if they are as many. */
function setTexts(target, texts) {
  const nodes = textNodes(target);
  if (nodes.length !== texts.length) return;
  nodes.forEach((node, i) => {
    const [, before, after] = /^(\s*).*?(\s*)$/s.exec(node.nodeValue);
    const text = before + texts[i] + after;
    // The node stays, so React, which compares texts with its own last one, stays right.
    if (node.nodeValue !== text) node.nodeValue = text;
  });
}

/** What of `traces` and `layout` the graph does not hold yet, as Plotly.update takes it. */
function missing(graph, traces, layout) {
  const indices = [...traces.keys()].filter((index) => graph._fullData[index]);
  const restyle = {};
  indices.forEach((index, place) => {
    for (const [name, value] of traces.get(index)) {
      if (same(graph._fullData[index][name], value)) continue;
      restyle[name] ??= new Array(indices.length).fill(undefined);
      restyle[name][place] = value;
    }
  });
  const relayout = {};
  for (const [path, value] of layout) {
    if (!same(at(graph.layout, path), value)) relayout[path] = value;
  }
  const any = Object.keys(restyle).length > 0;
  if (!any && Object.keys(relayout).length === 0) return null;
  return [restyle, relayout, any ? indices : []];
}

/** Have Plotly itself show `traces` and `layout`: always right, and some 20 ms a chart. */
function redraw(graph, traces, layout) {
  for (const marker of graph.querySelectorAll("path.point")) marker.removeAttribute("visibility");
  const changes = missing(graph, traces, layout);
  if (changes) harmless(() => window.Plotly.update(graph, ...changes));
}

// ---------------------------------------------------------------- strokes
//
// Plotly computes every trace anew for any change. A curve that changes its values only
// can be shown at a twentieth of that cost by moving the path that Plotly has drawn. The
// graph's own data stay behind; Plotly is told once the movement is over. Whatever is
// not a plain curve, area, marker or line across falls back on `redraw`.

/** Show `traces` and `layout` by moving what is drawn; false where that is not enough. */
function stroke(graph, traces, layout) {
  const drawn = new Map();
  for (const group of graph.querySelectorAll(".scatterlayer > .trace")) {
    drawn.set(group.__data__?.[0]?.trace?.index, group);
  }
  const moves = [];
  for (const [index, changes] of traces) {
    const trace = graph._fullData[index];
    if (!trace) continue;
    const { x, y, name, ...others } = Object.fromEntries(changes);
    if (trace.type !== "scatter" || Object.keys(others).length > 0) return false;
    if (name !== undefined && trace.showlegend) moves.push(renamed(graph, index, name));
    if ((x ?? y) === undefined || trace.visible !== true) continue;
    const up = y ?? trace.y;
    moves.push(moved(graph, trace, drawn.get(index), x ?? acrossOf(trace, up.length), up));
  }
  const shapes = new Map();
  for (const [path, value] of layout) {
    const [, index, end] = /^shapes\[(\d+)\]\.([xy][01])$/.exec(path) ?? [];
    if (index === undefined) return false;
    shapes.set(index, { ...shapes.get(index), [end]: value });
  }
  for (const [index, ends] of shapes) moves.push(acrossed(graph, index, ends));
  if (!moves.every(Boolean)) return false;
  for (const move of moves) move();
  return true;
}

/** The x of a trace, which may be given as the first and the step. */
function acrossOf({ x, x0, dx }, count) {
  return x ?? Array.from({ length: count }, (_, i) => x0 + i * dx);
}

/** An axis whose values are pixels but for a factor and an offset. */
function axisOf(graph, id) {
  const axis = graph._fullLayout[`${id[0]}axis${id.slice(1)}`];
  return axis?.type === "linear" && !axis.rangebreaks?.length ? axis : null;
}

/** The line, area or markers of one trace, moved to other numbers. */
function moved(graph, trace, group, x, y) {
  const across = axisOf(graph, trace.xaxis);
  const up = axisOf(graph, trace.yaxis);
  if (!group || !across || !up) return null;
  const points = [];
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const there = Number.isFinite(x[i]) && Number.isFinite(y[i]);
    points.push(there ? `${across.l2p(x[i])},${up.l2p(y[i])}` : null);
  }
  if (trace.mode === "markers") {
    // Plotly has an element for each point that there was when it drew, and no others.
    const calculated = group.__data__;
    const markers = new Map();
    for (const marker of group.querySelectorAll("path.point")) {
      markers.set(calculated.indexOf(marker.__data__), marker);
    }
    const known = points.every((point, i) => !point || markers.has(i)) && !markers.has(-1);
    if (!known || typeof trace.marker.size !== "number") return null;
    return () => {
      for (const [i, marker] of markers) {
        if (points[i]) marker.setAttribute("transform", `translate(${points[i]})`);
        if (points[i]) marker.removeAttribute("visibility");
        else marker.setAttribute("visibility", "hidden");
      }
    };
  }
  const { shape, simplify } = trace.line ?? {};
  const plain = shape === "linear" && simplify === false && !trace.connectgaps && !trace.stackgroup;
  if (trace.mode !== "lines" || !plain) return null;
  if (!["none", "tozeroy", "toself"].includes(trace.fill)) return null;
  const pieces = [];
  points.forEach((point, i) => {
    if (point && points[i - 1]) pieces[pieces.length - 1].push(point);
    else if (point) pieces.push([point]);
  });
  const paths = pieces.map((piece) => `M${piece.join("L")}`);
  const lines = group.querySelectorAll("path.js-line");
  const fill = group.querySelector("path.js-fill");
  if (paths.length > 0 && (lines.length === 0 || (trace.fill !== "none" && !fill))) return null;
  if (trace.fill === "tozeroy" && pieces.length !== 1) return null;
  const area = () => {
    if (trace.fill === "toself") return paths.map((path) => `${path}Z`).join("");
    const foot = (point) => `${point.split(",")[0]},${up.l2p(0)}`;
    return `${paths[0]}L${foot(pieces[0].at(-1))}L${foot(pieces[0][0])}Z`;
  };
  return () => {
    // Plotly has an element for each piece of a line; one does for all of them.
    lines.forEach((line, i) => line.setAttribute("d", (i === 0 && paths.join("")) || "M0,0Z"));
    if (trace.fill !== "none") fill?.setAttribute("d", area() || "M0,0Z");
  };
}

/** A trace's name in the legend. */
function renamed(graph, index, name) {
  if (/[<&$]/.test(name)) return null;
  const entries = [...graph.querySelectorAll(".legend .traces")];
  const entry = entries.find((one) => one.__data__?.[0]?.trace?.index === index);
  const text = entry?.querySelector("text.legendtext");
  if (!text || text.children.length > 0) return null;
  return () => {
    if (text.textContent !== name) text.textContent = name;
  };
}

/** A straight line between two points that is a shape of the layout. */
function acrossed(graph, index, ends) {
  const shape = { ...graph._fullLayout.shapes?.[index], ...ends };
  const path = graph.querySelector(`.shapelayer path[data-index="${index}"]`);
  if (!path || shape.type !== "line") return null;
  const { l, t, w, h } = graph._fullLayout._size;
  const pixel = (value, ref) => {
    if (ref === "paper") return undefined;
    const axis = /^[xy]\d*$/.test(ref) ? axisOf(graph, ref) : null;
    return axis ? axis._offset + axis.l2p(value) : NaN;
  };
  const x = (value) => pixel(value, shape.xref) ?? l + w * value;
  const y = (value) => pixel(value, shape.yref) ?? t + h * (1 - value);
  const place = [x(shape.x0), y(shape.y0), x(shape.x1), y(shape.y1)];
  if (!place.every(Number.isFinite)) return null;
  return () => path.setAttribute("d", `M${place[0]},${place[1]}L${place[2]},${place[3]}`);
}

// ---------------------------------------------------------------- one chart of the page

/** What a visitor may have changed in a chart by hand: paths into its layout, and curves. */
function viewOf(graph) {
  const full = graph._fullLayout;
  const layout = new Map([
    ["dragmode", full.dragmode],
    ["hovermode", full.hovermode],
  ]);
  for (const axis of Object.keys(full).filter((name) => /^[xy]axis\d*$/.test(name))) {
    const { autorange, range } = full[axis];
    layout.set(`${axis}.autorange`, autorange);
    if (autorange !== true) layout.set(`${axis}.range`, [...range]);
  }
  for (const scene of Object.keys(full).filter((name) => /^scene\d*$/.test(name))) {
    for (const [part, place] of Object.entries(full[scene].camera)) {
      for (const way of "xyz") {
        if (way in place) layout.set(`${scene}.camera.${part}.${way}`, place[way]);
      }
    }
  }
  const traces = graph._fullData.map(({ type, name, visible }) => ({ type, name, visible }));
  return { layout, traces };
}

/** Whether two figures are so alike that a view of one makes sense in the other. */
function alike(one, other) {
  // A name may tell the slider's value; its letters tell what is drawn.
  const kinds = ({ traces }) => traces.map(({ type, name }) => type + name?.replace(/\P{L}/gu, ""));
  return same([...one.layout], [...other.layout]) && same(kinds(one), kinds(other));
}

/**
 * One chart, through all its mounts.
 *
 * Streamlit identifies a chart by its figure: another figure is another element, which
 * starts empty, is drawn a frame or more later, and knows nothing of the zoom.
 */
class Chart {
  constructor(key, onDraw, held) {
    this.key = key;
    this.onDraw = onDraw;
    this.held = held;
    this.behind = null; // the graph that shows what Plotly does not know yet
    this.observer = new MutationObserver(() => harmless(() => this.look()));
    this.look();
  }

  stop() {
    clearTimeout(this.rest);
    this.observer.disconnect();
    this.leave?.();
    this.cover?.remove();
  }

  /** The element that Plotly draws in, once it has. */
  get graph() {
    const graph = this.place?.querySelector(".js-plotly-plot");
    return graph?._fullData && graph.on ? graph : null;
  }

  /** Show this, at once. Plotly learns of it when nothing has moved for a while. */
  show(traces, layout) {
    const { graph } = this;
    if (!graph) return;
    if (graph !== this.drawn) return void this.adopt(graph); // which asks for this again
    clearTimeout(this.rest);
    const behind = this.behind === graph;
    if (!behind && !missing(graph, traces, layout)) return;
    this.keep(graph, traces, layout);
    if (stroke(graph, traces, layout)) {
      this.behind = graph;
      const settle = () => {
        if (this.held()) this.rest = setTimeout(settle, REST);
        else if (this.graph === graph) harmless(() => this.redraw(graph, traces, layout));
      };
      this.rest = setTimeout(settle, REST);
    } else this.redraw(graph, traces, layout);
  }

  redraw(graph, traces, layout) {
    this.behind = null;
    redraw(graph, traces, layout);
  }

  /** Note how the graph was made, where `traces` and `layout` are about to change it. */
  keep(graph, traces, layout) {
    for (const [index, changes] of traces) {
      const trace = graph._fullData[index];
      if (!trace) continue;
      if (!this.made.traces.has(index)) this.made.traces.set(index, new Map());
      const known = this.made.traces.get(index);
      for (const name of changes.keys()) if (!known.has(name)) known.set(name, trace[name]);
    }
    for (const path of layout.keys()) {
      if (!this.made.layout.has(path)) this.made.layout.set(path, at(graph.layout, path));
    }
  }

  /** Show the graph as it was made. */
  reset() {
    const { graph } = this;
    clearTimeout(this.rest);
    if (!graph) return;
    const behind = this.behind === graph;
    this.redraw(graph, this.made.traces, this.made.layout);
    if (behind) harmless(() => window.Plotly.redraw(graph));
  }

  /** See whether Streamlit has put another chart in this place, and whether it is drawn. */
  look() {
    const place = byKey(this.key);
    if (place !== this.place) {
      const old = this.place;
      this.place = place;
      if (place && old && !this.graph) this.hide(place, old);
    }
    this.observer.disconnect();
    if (!place) return;
    this.observer.observe(place.parentElement, { childList: true });
    const graph = place.querySelector(".js-plotly-plot");
    if (!graph) this.observer.observe(place, { childList: true, subtree: true });
    else if (!this.graph) this.observer.observe(graph, { childList: true });
    else if (graph !== this.drawn) this.adopt(graph);
  }

  /** Keep the old picture in view until the new one is drawn. */
  hide(place, old) {
    const layers = [...(this.cover ?? old).querySelectorAll("svg.main-svg")];
    this.cover?.remove();
    if (layers.length === 0) return;
    this.cover = document.createElement("div");
    this.cover.setAttribute("aria-hidden", "true");
    this.cover.style.cssText = "position:absolute;inset:0;overflow:hidden;pointer-events:none";
    for (const layer of layers) {
      const copy = layer.cloneNode(true);
      // Plotly's own rules hold inside its graphs only.
      Object.assign(copy.style, { position: "absolute", top: "0", left: "0" });
      this.cover.append(copy);
    }
    if (getComputedStyle(place).position === "static") place.style.position = "relative";
    place.append(this.cover);
  }

  /** Take over a graph that has just been drawn, before it is seen. */
  adopt(graph) {
    this.leave?.();
    this.drawn = graph;
    this.made = { traces: new Map(), layout: new Map() };
    this.layout = graph.layout;
    const start = viewOf(graph);
    const carried = this.start && alike(this.start, start) ? this.view : null;
    this.start = start;
    this.view = carried ?? start;
    this.restore(graph);
    this.onDraw();
    this.cover?.remove();
    this.cover = undefined;

    const note = () => harmless(() => (this.view = viewOf(graph)));
    // Streamlit draws a figure again, from its own copy, when its theme or width change;
    // and whoever draws again undoes what Plotly does not know.
    const redrawn = () => {
      if (this.behind !== graph && graph.layout === this.layout) return;
      this.behind = null;
      this.layout = graph.layout;
      queueMicrotask(() =>
        harmless(() => {
          if (this.drawn !== graph || !graph._fullData) return;
          this.restore(graph);
          this.onDraw();
        }),
      );
    };
    const events = { plotly_relayout: note, plotly_restyle: note, plotly_afterplot: redrawn };
    for (const [name, handler] of Object.entries(events)) graph.on(name, handler);
    this.leave = () => {
      for (const [name, handler] of Object.entries(events)) graph.removeListener?.(name, handler);
    };
  }

  /** Give the chart the visitor's zoom and hidden curves, where it has lost them. */
  restore(graph) {
    const now = viewOf(graph);
    const relayout = {};
    for (const [path, value] of this.view.layout) {
      if (!same(now.layout.get(path), value)) relayout[path] = value;
    }
    const hidden = this.view.traces
      .map(({ visible }, index) => ({ visible, index }))
      .filter(({ visible, index }) => visible !== now.traces[index].visible);
    if (hidden.length === 0 && Object.keys(relayout).length === 0) return;
    const restyle = hidden.length > 0 ? { visible: hidden.map(({ visible }) => visible) } : {};
    const indices = hidden.map(({ index }) => index);
    harmless(() => window.Plotly.update(graph, restyle, relayout, indices));
  }
}

// ---------------------------------------------------------------- pictures out of sight

const ENOUGH = 0.6; // of a picture's height in sight, with which it can be followed
const LEAST = 0.35; // the scale below which a picture is not worth showing
const LINGER = 1500; // milliseconds that a lifted picture stays once the slider is let go
const MARGIN = 8;

const PICTURES = '[class*="st-key-view"] [data-testid="stColumn"]:last-child';
const ROOM = 200; // pixels below a picture that stays in sight, for the controls to pass

/** The part of the window that is not under Streamlit's header: its top and its bottom. */
function stage() {
  const header = document.querySelector('[data-testid="stHeader"]')?.getBoundingClientRect();
  return [Math.max(0, header?.bottom ?? 0), document.documentElement.clientHeight];
}

/**
 * Lets a picture stay in sight on a phone while the controls pass below it, if it leaves them
 * room. Which does is not known before it is drawn, and not to a style sheet.
 */
class Shelf {
  constructor() {
    this.rule = document.createElement("style");
    this.heights = new ResizeObserver(() => harmless(() => this.fit()));
  }

  /** Take note of which pictures there are. */
  watch() {
    this.heights.disconnect();
    for (const picture of document.querySelectorAll(PICTURES)) this.heights.observe(picture);
  }

  fit() {
    const [top, bottom] = stage();
    const all = [...document.querySelectorAll(PICTURES)];
    const stays = all.length > 0 && all.every((one) => top + one.offsetHeight + ROOM <= bottom);
    const rule = `${PICTURES} { position: sticky !important; }`;
    this.rule.textContent = stays ? rule : "";
    if (!this.rule.isConnected) document.head.append(this.rule);
  }

  stop() {
    this.heights.disconnect();
    this.rule.remove();
  }
}

/**
 * Lifts a picture that has been scrolled out of sight to the slider that moves it.
 *
 * On a phone the picture of a page with many sliders is far above most of them. It is moved
 * by a rule of its own, so that its place stays as high as it was, nothing else shifts, and
 * the rule also holds for the chart that a rerun mounts in its stead.
 */
class Lift {
  constructor() {
    this.rule = document.createElement("style");
    this.decided = false; // once a drag: to look costs the browser a layout
  }

  get raised() {
    return this.rule.isConnected;
  }

  /** Lift the first of these charts to the anchors' edge, if none of them can be seen as it is. */
  raise(keys, anchors) {
    clearTimeout(this.rest);
    if (this.decided || keys.length === 0) return;
    this.decided = true;
    const boxes = keys
      .map((key) => ({ key, box: byKey(key)?.getBoundingClientRect() }))
      .filter(({ box }) => box?.height > 0);
    const [top, bottom] = stage();
    const seen = ({ box }) => (Math.min(box.bottom, bottom) - Math.max(box.top, top)) / box.height;
    if (boxes.length === 0 || boxes.some((one) => seen(one) >= ENOUGH)) return;
    const { key, box } = boxes.reduce((a, b) => (b.box.top < a.box.top ? b : a));
    const held = anchors.map((anchor) => anchor.getBoundingClientRect());
    const high = Math.min(...held.map((one) => one.top)) - MARGIN;
    const low = Math.max(...held.map((one) => one.bottom)) + MARGIN;
    const above = high - top > bottom - low;
    const room = above ? high - top : bottom - low;
    const scale = Math.min(1, (room - MARGIN) / box.height);
    if (scale < LEAST) return;
    const right = (box.width * (1 - scale)) / 2;
    const down = (above ? high - box.height * scale : low) - box.top;
    const ground = getComputedStyle(document.querySelector('[data-testid="stApp"]') ?? document.body);
    this.rule.textContent = `.st-key-${CSS.escape(key)} {
      position: relative; z-index: 1000; pointer-events: none;
      transform-origin: 0 0; transform: translate(${right}px, ${down}px) scale(${scale});
      background: ${ground.backgroundColor}; box-shadow: 0 0 1rem rgb(0 0 0 / 0.35);
      outline: 1px solid rgb(128 128 128 / 0.4);
    }
    .st-key-${CSS.escape(key)} .modebar { visibility: hidden; }`;
    document.head.append(this.rule);
  }

  /** Put the picture back, at once or when it has been looked at. */
  lower(wait = 0) {
    clearTimeout(this.rest);
    if (wait > 0) {
      this.rest = setTimeout(() => this.lower(), wait);
      return;
    }
    this.rule.remove();
    this.decided = false;
  }
}

// ---------------------------------------------------------------- the whole page

/** What is mounted, which slider is in hand, and what that means for charts and texts. */
class Engine {
  constructor(hub) {
    this.hub = hub;
    this.decoded = new Map(); // digest -> part
    this.lists = []; // what the current run says is valid
    this.charts = new Map();
    this.players = new Map();
    this.active = null; // the key of the slider in the visitor's hand
    // A thumb stands at the nearest step, which need not be the value that the page shows.
    this.moved = false;
    this.texts = new Map(); // what stood under each target that was changed since the last run
    this.down = false; // a button or a finger, anywhere
    this.lift = new Lift();
    this.shelf = new Shelf();
    this.frame = 0;
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    for (const type of ["pointerdown", "pointerup", "pointercancel", "keydown", "input"]) {
      document.addEventListener(type, (event) => harmless(() => this.touch(event)), {
        capture: true,
        passive: true,
        signal,
      });
    }
    const firm = { capture: true, signal };
    document.addEventListener("keydown", (event) => harmless(() => this.glide(event)), firm);
    for (const type of ["keyup", "focusout"]) {
      document.addEventListener(type, () => harmless(() => this.rest()), firm);
    }
    const scrolled = () => {
      if (!this.lift.raised) return;
      this.lift.lower();
      // Under a hand the page scrolls where a text takes more lines.
      if (this.gliding || this.moving()) this.schedule();
    };
    document.addEventListener("scroll", () => harmless(scrolled), { ...firm, passive: true });
    this.gliding = null; // the slider that a held key moves
    this.thumb = new MutationObserver(() => {
      this.moved = true;
      this.schedule();
    });
    this.seen = new Set(); // sliders that have come into view before their sweeps were sent
    this.sight = new IntersectionObserver((all) => harmless(() => this.sighted(all)));
    hub.changed = () => harmless(() => this.refresh());
    this.refresh();
  }

  stop() {
    this.listeners.abort();
    this.lift.lower();
    this.shelf.stop();
    this.thumb.disconnect();
    this.sight.disconnect();
    clearTimeout(this.asking);
    cancelAnimationFrame(this.frame);
    for (const player of this.players.values()) player.remove();
    for (const chart of this.charts.values()) chart.stop();
    this.charts.clear();
    this.decoded.clear();
    this.hub.changed = undefined;
  }

  /** Take note of what is mounted now. */
  refresh() {
    this.lists = [];
    this.texts.clear();
    const held = new Set();
    for (const [root, player] of this.players) {
      const { data } = this.hub.mounts.get(root) ?? {};
      if (data?.slider === player.slider && data.label === player.label) continue;
      player.remove();
      this.players.delete(root);
    }
    this.sight.disconnect();
    for (const [root, mount] of this.hub.mounts) {
      const { data } = mount;
      if (data instanceof Uint8Array) {
        const { parts, payloads } = unbundle(data);
        this.lists.push(...parts);
        // What has no digest was kept back until its slider is seen.
        mount.lacks = parts.filter(({ digest }) => !digest).map(({ slider }) => slider);
        for (const slider of mount.lacks) if (byKey(slider)) this.sight.observe(byKey(slider));
        for (const payload of payloads) held.add(this.learn(payload));
      } else if (data?.role === "player" && !this.players.has(root)) {
        const Kind = data.time ? Transport : Player;
        this.players.set(root, new Kind(root, data, this));
      }
    }
    for (const player of this.players.values()) {
      player.able(this.lists.some(({ slider }) => slider === player.slider));
    }
    for (const digest of this.decoded.keys()) if (!held.has(digest)) this.decoded.delete(digest);
    this.shelf.watch();
    this.watch();
  }

  /** Have the sweeps sent of sliders that have come into view. */
  sighted(entries) {
    const now = entries.filter(({ isIntersecting }) => isIntersecting);
    if (now.length === 0) return;
    for (const { slider } of this.lists) {
      if (now.some(({ target }) => target === byKey(slider))) this.seen.add(slider);
    }
    this.ask();
  }

  ask() {
    clearTimeout(this.asking);
    this.asking = setTimeout(() => {
      // Nothing is sent while something moves.
      if (this.gliding || this.moving()) return this.ask();
      for (const { lacks = [], report } of this.hub.mounts.values()) {
        if (lacks.some((slider) => this.seen.has(slider))) report("seen", [...this.seen].join());
      }
    }, SIGHT);
  }

  /** Whether a hand or a player is moving something. */
  moving() {
    return this.down || [...this.players.values()].some((player) => player.frame !== 0);
  }

  /** Decode a payload that is not known yet; return its digest. */
  learn(payload) {
    const bytes = [...payload.subarray(0, 8)];
    const digest = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
    if (this.decoded.has(digest)) return digest;
    this.decoded.set(digest, null);
    harmless(() =>
      decode(payload).then((part) => {
        if (!this.decoded.has(digest)) return;
        this.decoded.set(digest, part);
        this.watch();
      }),
    );
    return digest;
  }

  /** Have a Chart for every chart that some part moves. */
  watch() {
    const keys = new Set();
    for (const part of this.decoded.values()) {
      for (const { chart } of part?.charts ?? []) keys.add(chart);
    }
    for (const [key, chart] of this.charts) {
      if (keys.has(key)) continue;
      chart.stop();
      this.charts.delete(key);
    }
    for (const key of keys) {
      if (!this.charts.has(key)) this.charts.set(key, this.chart(key));
      else this.charts.get(key).look();
    }
    this.schedule();
  }

  chart(key) {
    return new Chart(key, () => harmless(() => this.paint()), () => this.moving());
  }

  /** Follow the slider that the visitor has just touched, and no other. */
  touch(event) {
    if (event.type === "pointerdown") {
      this.down = true;
      this.lift.lower();
    }
    if (event.type === "pointerup" || event.type === "pointercancel") {
      this.down = false;
      this.lift.lower(LINGER);
      return;
    }
    const slider = this.lists.find(({ slider }) => byKey(slider)?.contains(event.target))?.slider;
    const moves = event.type !== "keydown" || /^(Arrow|Page|Home|End)/.test(event.key);
    if (slider && event.isTrusted && moves) this.silence(slider);
    const input = this.input(slider);
    if (slider === this.active && input === this.grip) return;
    this.active = slider ?? null;
    this.grip = input;
    this.moved = false;
    this.thumb.disconnect();
    if (input) this.thumb.observe(input, { attributes: true, attributeFilter: ["value"] });
  }

  /** Let a held arrow key move its slider without a rerun at each step. */
  glide(event) {
    const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    const slider = this.active;
    if (!event.repeat || !way || event.shiftKey || event.target !== this.input(slider)) return;
    if (!this.nudge(slider, way)) return;
    event.preventDefault();
    event.stopPropagation();
    this.gliding = slider;
  }

  /** Let the slider that a held key moved report. */
  rest() {
    if (!this.gliding) return;
    this.land(this.gliding);
    this.gliding = null;
    this.lift.lower(LINGER);
  }

  /** Have a slider report its value, as when a hand lets go of it. */
  land(slider) {
    const input = this.input(slider);
    if (!input) return;
    const pointer = { bubbles: true, button: 0, pointerId: -1 };
    input.dispatchEvent(new PointerEvent("pointerdown", pointer));
    input.dispatchEvent(new PointerEvent("pointerup", pointer));
  }

  /** Stop all players; `slider`, if one of theirs, stays where it is. */
  silence(slider) {
    for (const player of this.players.values()) player.stop(player.slider === slider);
  }

  input(slider) {
    return slider ? byKey(slider)?.querySelector("input[type=range]") : null;
  }

  /** A slider's steps, as far as they have arrived. */
  values(slider) {
    const digests = this.lists.filter((part) => part.slider === slider).map(({ digest }) => digest);
    return digests.map((digest) => this.decoded.get(digest)?.values).find(Boolean) ?? [];
  }

  /** What a slider's input has for a value at each of its steps. */
  inputs(slider) {
    const values = this.values(slider);
    const last = values.length - 1;
    const { min, max } = this.input(slider) ?? {};
    // A select_slider counts its options; what they are, only the page knows.
    const counts = Number(min) === 0 && Number(max) === last && Number(values[last]) !== last;
    return counts ? values.map((_, index) => index) : values.map(Number);
  }

  /** The step nearest to where a slider is, and whether it is exactly there. */
  step(slider) {
    const input = this.input(slider);
    const values = this.inputs(slider);
    if (!input || values.length === 0) return { row: -1, exact: false };
    const value = Number(input.value);
    const distances = values.map((step) => Math.abs(step - value));
    const row = distances.indexOf(Math.min(...distances));
    const gap = values.length > 1 ? Math.abs(values[1] - values[0]) : 1;
    return { row, exact: distances[row] < 1e-6 * gap };
  }

  /** Move a slider's thumb, as a hand would that does not let go. */
  set(slider, value) {
    const input = this.input(slider);
    if (!input || input.value === String(value)) return;
    // React overrides the property to know the last value; the prototype's does not tell it.
    const { set } = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value");
    set.call(input, value);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** Move a slider's thumb by so many steps, from a step on; say whether it stood on one. */
  nudge(slider, by) {
    const values = this.inputs(slider);
    const { row, exact } = this.step(slider);
    if (exact) this.set(slider, values[Math.max(0, Math.min(values.length - 1, row + by))]);
    return exact;
  }

  /** Move a slider's thumb to the step at `part` (0 to 1) of its length. */
  put(slider, part) {
    const values = this.inputs(slider);
    if (values.length === 0) return;
    this.set(slider, values[Math.min(values.length - 1, Math.floor(part * values.length))]);
  }

  schedule() {
    if (!this.active || this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      harmless(() => this.paint());
    });
  }

  /** Show the row of the active slider's present step. */
  paint() {
    if (!this.active || !this.moved || !window.Plotly) return;
    const { row, exact } = this.step(this.active);
    if (!exact) return;
    const charts = new Map();
    for (const { digest, slider, through } of this.lists) {
      const part = slider === this.active ? this.decoded.get(digest) : null;
      if (!part) continue;
      const fresh = Object.entries(through).every(([other, then]) => this.step(other).row === then);
      if (!fresh) continue;
      for (const { chart, traces, layout, ragged } of part.charts) {
        if (!charts.has(chart)) charts.set(chart, { traces: new Map(), layout: new Map() });
        const wanted = charts.get(chart);
        const here = new Map();
        for (const [index, name, source] of traces) {
          if (!here.has(index)) here.set(index, new Map());
          here.get(index).set(name, rowOf(source, row));
        }
        for (const [index, changes] of here) {
          const known = wanted.traces.get(index) ?? [];
          const found = ragged ? cropped(changes) : changes;
          wanted.traces.set(index, new Map([...known, ...found]));
        }
        for (const [path, column] of Object.entries(layout)) wanted.layout.set(path, column[row]);
      }
      for (const [target, texts] of Object.entries(part.texts)) {
        if (!this.texts.has(target)) this.texts.set(target, textsOf(target));
        setTexts(target, texts[row]);
      }
    }
    for (const [key, { traces, layout }] of charts) {
      this.charts.get(key)?.show(traces, layout);
    }
    const playing = [...this.players.values()].filter(({ frame }) => frame !== 0);
    if (this.down || this.gliding || playing.length > 0) {
      this.lift.raise([...charts.keys()], [byKey(this.active), ...playing.map(({ box }) => box)]);
    }
  }

  /** Show the page again as it was made. */
  reset() {
    this.active = null;
    for (const [target, texts] of this.texts) setTexts(target, texts);
    for (const chart of this.charts.values()) chart.reset();
  }
}

// ---------------------------------------------------------------- the player

const PLAYER_STYLE = `
  :host { display: block; }
  div { display: flex; gap: 0.25rem; align-items: center; }
  button {
    font: inherit; font-family: var(--st-font); font-size: 0.875rem; line-height: 1.6;
    padding: 0 0.5rem; min-height: 1.75rem; cursor: pointer;
    color: var(--st-text-color); background: transparent;
    border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius);
  }
  button:hover, button[aria-pressed="true"] {
    color: var(--st-primary-color); border-color: var(--st-primary-color);
  }
  button:disabled { opacity: 0.4; cursor: default; pointer-events: none; }
  button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
`;
const SECONDS = 4; // from one end of the slider to the other, at speed 1
const SPEEDS = [0.5, 1, 2];
const IDLE = 500; // milliseconds that a player has stood still when its slider reports

/**
 * Buttons that move a slider's thumb from end to end, or to and fro.
 *
 * Only the thumb is moved, as a drag does it, so the curves follow by themselves and
 * nothing is sent. At the end the thumb goes back to the value that the page is for.
 */
class Player {
  constructor(root, { slider, label }, engine) {
    Object.assign(this, { slider, label, engine, speed: 1, loop: false, frame: 0 });
    this.style = document.createElement("style");
    this.style.textContent = PLAYER_STYLE;
    this.box = document.createElement("div");
    this.box.setAttribute("role", "group");
    this.buttons();
    root.append(this.style, this.box);
    this.describe();
  }

  buttons() {
    this.toggle = this.button(() => (this.frame ? this.stop() : this.start()));
    this.pace = this.button(() => {
      this.speed = SPEEDS[(SPEEDS.indexOf(this.speed) + 1) % SPEEDS.length];
      this.describe();
    });
    this.again = this.button(() => {
      this.loop = !this.loop;
      this.describe();
    });
  }

  remove() {
    this.stop();
    this.style.remove();
    this.box.remove();
  }

  button(action) {
    const button = document.createElement("button");
    button.type = "button";
    button.onclick = () => harmless(action);
    this.box.append(button);
    return button;
  }

  static words = {
    group: (label) => `Sweep ${label}`,
    start: (label) => [`▶ Sweep ${label}`, `Sweep ${label}`],
    stop: (label) => ["■ Stop", `Stop the sweep of ${label}`],
    pace: (label) => `Speed of the sweep of ${label}`,
    again: (label) => `Loop the sweep of ${label}`,
  };

  name(button, text, spoken) {
    button.textContent = text;
    button.setAttribute("aria-label", spoken);
  }

  describe() {
    const { label, speed, loop } = this;
    const { words } = this.constructor;
    this.box.setAttribute("aria-label", words.group(label));
    this.name(this.toggle, ...(this.frame === 0 ? words.start(label) : words.stop(label)));
    this.name(this.pace, `${speed}×`, `${words.pace(label)}: ${speed}×`);
    this.name(this.again, "Loop", words.again(label));
    this.again.setAttribute("aria-pressed", String(loop));
  }

  /** Offer to play only where something follows the slider. */
  able(follows) {
    for (const button of [this.toggle, this.pace, this.again]) button.disabled = !follows;
    if (!follows) this.stop();
  }

  start() {
    const input = this.engine.input(this.slider);
    if (!input || input.disabled) return;
    this.engine.silence();
    this.home = input.value;
    this.way = this.departure(); // how far, in lengths of the slider
    let before = performance.now();
    const step = (now) => {
      this.way += (this.speed * Math.max(0, now - before)) / (1000 * SECONDS);
      before = now;
      if (!this.engine.input(this.slider)) return this.stop();
      if (this.way >= 1 && !this.loop) return this.arrive();
      this.frame = requestAnimationFrame((time) => harmless(() => step(time)));
      this.engine.put(this.slider, this.place(this.way));
    };
    this.frame = requestAnimationFrame((time) => harmless(() => step(time)));
    this.describe();
  }

  departure() {
    return 0;
  }

  /** Where on the slider (0 to 1) the thumb is, after this many lengths of it. */
  place(way) {
    const turn = way % 2;
    return turn > 1 ? 2 - turn : turn;
  }

  arrive() {
    this.stop();
  }

  /** Stop, and leave the thumb alone where the visitor has taken hold of it. */
  stop(taken = false) {
    if (!this.halt() || taken) return;
    this.engine.set(this.slider, this.home);
    this.engine.reset();
  }

  /** Stand still; say whether anything moved. */
  halt() {
    if (!this.frame) return false;
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.describe();
    this.engine.lift.lower(LINGER);
    return true;
  }
}

/**
 * The player of a slider that stands for time: play, pause, a step back, a step on.
 *
 * It goes on from where the thumb is, and the thumb stays where it halts. Once it has
 * stood for a moment the slider reports, as when a hand lets go of it.
 */
class Transport extends Player {
  buttons() {
    this.back = this.button(() => this.nudge(-1));
    super.buttons();
    this.on = this.button(() => this.nudge(1));
    this.toggle.after(this.on);
  }

  static words = {
    group: (label) => `Play ${label}`,
    start: (label) => [`▶ Play ${label}`, `Play ${label}`],
    stop: (label) => ["❚❚ Pause", `Pause ${label}`],
    pace: (label) => `Speed of ${label}`,
    again: (label) => `Loop ${label}`,
  };

  describe() {
    super.describe();
    this.name(this.back, "‹", `One step back in ${this.label}`);
    this.name(this.on, "›", `One step on in ${this.label}`);
  }

  departure() {
    const { row } = this.engine.step(this.slider);
    const last = this.engine.values(this.slider).length - 1;
    return row < last ? Math.max(0, row) / (last + 1) : 0;
  }

  place(way) {
    return way % 1;
  }

  arrive() {
    this.engine.put(this.slider, 1);
    this.stop();
  }

  stop(taken = false) {
    if (this.halt() && !taken) this.report();
  }

  nudge(by) {
    if (this.engine.input(this.slider)?.disabled) return;
    this.halt();
    this.engine.silence(this.slider);
    this.engine.nudge(this.slider, by);
    this.report();
  }

  report() {
    clearTimeout(this.idle);
    this.idle = setTimeout(() => {
      if (this.frame) return;
      if (this.engine.down) this.report();
      else harmless(() => this.engine.land(this.slider));
    }, IDLE);
  }

  remove() {
    super.remove();
    clearTimeout(this.idle);
  }
}

// ---------------------------------------------------------------- mounting

export default function ({ parentElement }) {
  const hub = (globalThis[HUB] ??= { mounts: new Map() });
  hub.users ??= new Map();
  const user = {};
  hub.users.set(parentElement, user);
  hub.engine ??= harmless(() => new Engine(hub));
  return () => {
    if (hub.users.get(parentElement) !== user) return;
    hub.users.delete(parentElement);
    if (hub.users.size > 0) return;
    harmless(() => hub.engine?.stop());
    hub.engine = undefined;
  };
}
