// The other side of the page: a document opened at a passage. One thing is open at a time.

import { getJson } from "./api.js";
import { $, announce, fill, h, icon } from "./dom.js";
import { showDate, showNumber, t } from "./i18n.js";
import { cut, toUtf16 } from "./text.js";

const panel = $("panel");
const layout = $("layout");
let returnTo = null;
let shown = 0;

/** Open the panel with a heading, something under it, and a body. Gives the body's element. */
export function openPanel(title, meta, label, back = null) {
  shown += 1;
  if (panel.hidden) returnTo = back ?? document.activeElement;
  else if (back) returnTo = back;
  const heading = h("h2", { tabindex: "-1" }, title);
  const body = h("div", { class: "panel-body", tabindex: "0", role: "region", aria: { label } });
  fill(panel,
    h("div", { class: "panel-head" },
      h("div", {}, heading, meta ? h("p", { class: "panel-meta" }, meta) : null),
      h("button", { type: "button", class: "quiet icon", aria: { label: t("close") },
        title: t("close"), on: { click: closePanel } }, icon("close"))),
    body);
  panel.setAttribute("aria-label", label);
  panel.hidden = false;
  layout.classList.add("split");
  return { body, heading, turn: shown };
}

/** Close it, and put the focus back to where it was. */
export function closePanel() {
  if (panel.hidden) return;
  shown += 1;
  panel.hidden = true;
  layout.classList.remove("split");
  mark(null);
  if (returnTo?.isConnected) returnTo.focus({ preventScroll: true });
}

export const panelTurn = () => shown;

/** Show which source is open. */
function mark(button) {
  for (const one of document.querySelectorAll(".source[aria-current]")) one.removeAttribute("aria-current");
  button?.setAttribute("aria-current", "true");
}

/** What one shows of a document besides its title. */
export function documentMeta(info) {
  return [info.date && showDate(info.date), info.author, t(info.language), info.title && info.path,
    info.characters !== undefined && t("characters", showNumber(info.characters))].filter(Boolean).join(" · ");
}

/**
 * Open a document at `citation` ({doc_id, start, end}); other citations of it are marked too.
 * Without a span, it opens at its beginning.
 */
export async function openDocument(citation, citations = [], button = null) {
  const { body, turn } = openPanel(citation.title || citation.path || t("loading"), "", t("documents"), button);
  fill(body, h("p", { class: "empty" }, t("loading")));
  mark(button);
  let found;
  try {
    found = await getJson(`/v1/documents/${encodeURIComponent(citation.doc_id)}`);
  } catch (error) {
    if (turn === shown) {
      fill(body, h("p", { class: "empty", role: "alert" }, error.status === 404 ? t("documentGone") : error.message));
    }
    return;
  }
  if (turn !== shown) return;
  drawDocument(found, citation, citations);
  mark(button);
}

function drawDocument(found, citation, citations) {
  const title = found.title || found.path;
  const wanted = [citation, ...citations].filter((one) => one.doc_id === found.doc_id && one.end > one.start);
  const length = [...found.text].length;
  const unique = new Map(wanted.filter((one) => one.end <= length).map((one) => [`${one.start}-${one.end}`, one]));
  const spans = [...unique.values()].sort((a, b) => a.start - b.start || a.end - b.end)
    .map(({ start, end }) => ({ start, end }));
  let current = Math.max(0, spans.findIndex(({ start, end }) => start === citation.start && end === citation.end));
  const { body, heading } = openPanel(title, documentMeta(found), title);
  const text = drawText(found.text, toUtf16(found.text, spans));
  text.lang = found.language;
  fill(body, text);
  const show = (index) => {
    current = (index + spans.length) % spans.length;
    for (const one of text.querySelectorAll("mark")) {
      one.classList.toggle("current", one.dataset.spans.split(" ").includes(String(current)));
    }
    const first = text.querySelector("mark.current");
    first?.setAttribute("tabindex", "-1");
    first?.scrollIntoView({ block: "center" });
    first?.focus({ preventScroll: true });
    position.textContent = t("spanOf", current + 1, spans.length);
  };
  const position = h("span", { aria: { live: "polite" } });
  if (!spans.length) {
    heading.focus();
    return;
  }
  const step = (name, shape, by) => h("button", { type: "button", class: "quiet icon",
    aria: { label: t(name) }, title: t(name), on: { click: () => show(current + by) } }, icon(shape));
  if (spans.length > 1) {
    body.before(h("div", { class: "spans", role: "group", aria: { label: t("cited") } }, position,
      h("span", {}, step("previous", "up", -1), step("next", "down", 1))));
  }
  show(current);
  announce(title);
}

/**
 * A document's text with its spans (UTF-16) marked. One paragraph a line, the line break kept in
 * it, so that the element's textContent is the document's text, character for character.
 */
export function drawText(text, spans) {
  const holder = h("div", { class: "text" });
  let at = 0;
  for (const line of text.split(/(?<=\n)/)) {
    const inside = spans.map(({ start, end }, index) => ({
      start: Math.max(0, start - at), end: Math.min(line.length, end - at), index,
    })).filter(({ start, end }) => start < end);
    holder.append(h("p", { class: line.trim() ? null : "blank" }, cut(line, inside).map((piece) =>
      piece.over.length
        ? h("mark", { data: { spans: piece.over.map(({ index }) => index).join(" ") } }, piece.text)
        : piece.text)));
    at += line.length;
  }
  return holder;
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !panel.hidden && !$("dialog").open) closePanel();
});
