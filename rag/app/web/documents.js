// The documents: what is there, adding by drop or choice, removing what was added.

import { follow, getJson, remove, upload } from "./api.js";
import { $, announce, ask, fill, h } from "./dom.js";
import { evaluations } from "./evals.js";
import { t } from "./i18n.js";
import { documentMeta, openDocument, openPanel, panelTurn } from "./panel.js";

let known = [];
let total = 0;
let largest = 50;
const transfers = [];
let opened = { turn: -1, draw: () => {} };
const listeners = [];

export const documents = () => known;
export const documentCount = () => total;
export const onDocuments = (listener) => listeners.push(listener);
export const setLargest = (megabytes) => { largest = megabytes; };

/** Read the list anew, and tell those who show it. */
export async function loadDocuments() {
  ({ documents: known, total } = await getJson("/v1/documents"));
  for (const listener of listeners) listener();
  redraw();
}

const redraw = () => { if (opened.turn === panelTurn()) opened.draw(); };

export function documentItem(info) {
  const button = h("button", { type: "button", class: "item",
    on: { click: () => openDocument({ ...info, start: 0, end: 0 }, [], button) } },
  h("span", { class: "item-title", lang: info.language }, info.title || info.path),
  h("span", { class: "item-meta" }, documentMeta(info)));
  return button;
}

/** The button that lets one choose files. */
export function chooseButton(guard) {
  const input = h("input", { type: "file", multiple: true, hidden: true, tabindex: "-1", aria: { hidden: true },
    on: { change: () => { addFiles([...input.files], guard); input.value = ""; } } });
  return [input, h("button", { type: "button", class: "quiet outlined", on: { click: () => input.click() } }, t("upload"))];
}

/** Open the list. `guard(work)` runs work and asks for a key when one is needed. */
export function openDocuments(guard) {
  const { body, heading, turn } = openPanel(t("documents"), "", t("documents"));
  const list = h("ul", { class: "list" });
  const moving = h("div", { class: "transfers" });
  const find = h("input", { class: "field", type: "search", placeholder: t("find"), aria: { label: t("find") },
    on: { input: () => draw() } });
  fill(body, h("div", { class: "panel-tools" }, find, chooseButton(guard)), moving, list,
    evaluations(guard), h("p", { class: "section-title" }, h("a", { href: "/docs" }, t("apiReference"))));
  function draw() {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (info) => words.every((word) => `${info.title ?? ""} ${info.path}`.toLowerCase().includes(word));
    const rows = known.filter(fits).map((info) => h("li", {}, documentItem(info),
      info.uploaded ? h("button", { type: "button", class: "quiet", aria: { label: `${t("remove")}: ${info.title || info.path}` },
        on: { click: () => removeDocument(info, guard) } }, t("remove")) : null));
    fill(list, rows.length ? rows : h("li", {}, h("p", { class: "empty" }, known.length ? t("noMatch") : t("noDocuments"))));
    fill(moving, transfers.map(transferRow));
  }
  opened = { turn, draw };
  draw();
  heading.focus();
}

function transferRow({ name, state, share, error }) {
  return h("div", { class: error ? "transfer bad" : "transfer" },
    h("div", { class: "row" }, h("span", {}, name), h("span", {}, error ?? t(state))),
    state === "done" || error ? null
      : h("progress", { max: 1, ...(state === "uploading" && { value: share }), aria: { label: name } }));
}

/** Add files one after the other, showing how far each is. */
export async function addFiles(files, guard) {
  if (!files.length) return;
  openDocuments(guard);
  const added = files.map((file) => ({ file, name: file.name, state: "uploading", share: 0, error: null }));
  transfers.unshift(...added);
  redraw();
  for (const transfer of added) {
    try {
      await guard(() => addFile(transfer), true);
      announce(`${transfer.name}: ${t(transfer.state)}`);
    } catch (error) {
      transfer.error = error.message;
      announce(`${transfer.name}: ${error.message}`);
    }
    redraw();
  }
  await loadDocuments().catch(() => {});
  setTimeout(() => {
    for (const transfer of added) if (!transfer.error) transfers.splice(transfers.indexOf(transfer), 1);
    redraw();
  }, 4000);
}

async function addFile(transfer, replace = false) {
  const { file } = transfer;
  if (file.size > largest * 1e6) throw new Error(t("tooLarge", largest));
  let job;
  try {
    job = await upload(file, replace, (share) => { transfer.share = share; redraw(); });
  } catch (error) {
    if (error.code === "document_exists" && !replace && await confirm("replaceAsk", "replaceMore", "replace", file.name)) {
      await addFile(transfer, true);
      return;
    }
    throw error;
  }
  transfer.state = "indexing";
  redraw();
  const end = await follow(job, () => {});
  if (end.state === "failed") throw new Error(end.error);
  transfer.state = "done";
}

async function removeDocument(info, guard) {
  if (!await confirm("removeAsk", "removeMore", "remove", info.title || info.path)) return;
  try {
    await guard(async () => follow(await remove(`/v1/documents/${info.doc_id}`), () => {}), true);
  } catch (error) {
    transfers.unshift({ name: info.path, state: "done", error: error.message });
  }
  await loadDocuments().catch(() => {});
}

const confirm = (title, more, yes, name) => ask(t(title, name), (close) => h("div", {},
  h("p", {}, t(more)),
  h("div", { class: "row" },
    h("button", { type: "button", class: "quiet", on: { click: () => close(null) } }, t("cancel")),
    h("button", { type: "button", class: "primary", on: { click: () => close(true) } }, t(yes)))));

/** Files dropped anywhere on the page are added. */
export function acceptDrops(guard) {
  const veil = $("drop");
  let depth = 0;
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  const over = (change) => { depth = Math.max(0, depth + change); veil.hidden = !depth; };
  window.addEventListener("dragenter", (event) => { if (carriesFiles(event)) { event.preventDefault(); over(1); } });
  window.addEventListener("dragleave", (event) => { if (carriesFiles(event)) over(-1); });
  window.addEventListener("dragover", (event) => { if (carriesFiles(event)) event.preventDefault(); });
  window.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth = 0;
    veil.hidden = true;
    addFiles([...event.dataTransfer.files], guard);
  });
}
