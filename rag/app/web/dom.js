// Elements without markup: children are nodes or text, never HTML.

/** Make an element: `h("a", {href, class, on: {click}, aria: {label}, data: {}}, ...children)`. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") {
      for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
    } else if (name === "aria") {
      for (const [key, text] of Object.entries(value)) {
        if (text !== undefined && text !== null) element.setAttribute(`aria-${key}`, String(text));
      }
    } else if (name === "data") {
      Object.assign(element.dataset, value);
    } else if (name === "value" || name === "checked" || name === "disabled") {
      element[name] = value;
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

export const $ = (id) => document.getElementById(id);

/** Replace what `element` holds. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

/** Say something to screen readers without showing it. */
export function announce(text) {
  $("live").textContent = text;
}

const SVG = "http://www.w3.org/2000/svg";
const SHAPES = {
  plus: "M10 4v12M4 10h12",
  sliders: "M3 6h8M15 6h2M3 14h2M9 14h8M13 4v4M7 12v4",
  close: "M5 5l10 10M15 5L5 15",
  back: "M12 4l-6 6 6 6",
  up: "M5 12l5-5 5 5",
  down: "M5 8l5 5 5-5",
  sun: "M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7M10 1.500v2M10 16.500v2M1.5 10h2M16.5 10h2M4 4l1.4 1.400M14.6 14.600L16 16M16 4l-1.4 1.400M5.4 14.600L4 16",
  moon: "M16 12.200A6.7 6.7 0 0 1 7.8 4a6.7 6.7 0 1 0 8.2 8.200z",
  auto: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM10 3v14M10 6h4.500M10 10h6.500M10 14h4.5",
};

/** A line drawing, hidden from screen readers: its button has a label. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({
    viewBox: "0 0 20 20", width: "20", height: "20", fill: "none", stroke: "currentColor",
    "stroke-width": "1.6", "stroke-linecap": "round", "stroke-linejoin": "round",
    "aria-hidden": "true", focusable: "false",
  })) svg.setAttribute(key, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

/** A small file of the visitor's choices; forbidden storage only means that they are forgotten. */
export const memory = {
  get(key) {
    try { return localStorage.getItem(`fonte.${key}`); } catch { return null; }
  },
  set(key, value) {
    try {
      if (value === null) localStorage.removeItem(`fonte.${key}`);
      else localStorage.setItem(`fonte.${key}`, value);
    } catch { /* not remembered */ }
  },
};

let dialogDone = null;

/** Show the dialog with `content(close)`; resolves with what `close` is given (null on Escape). */
export function ask(title, content) {
  const dialog = $("dialog");
  return new Promise((resolve) => {
    dialogDone?.(null);
    const close = (value) => {
      dialogDone = null;
      dialog.close();
      resolve(value);
    };
    dialogDone = resolve;
    fill(dialog, h("h2", { id: "dialog-title" }, title), content(close));
    dialog.oncancel = () => { dialogDone = null; resolve(null); };
    dialog.showModal();
  });
}
