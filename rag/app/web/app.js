// The page put together: who talks to whom, and what state the service is in.

import { getJson, readiness, ServiceError, setKey } from "./api.js";
import { conversation } from "./conversation.js";
import {
  acceptDrops, chooseButton, documentCount, documentItem, documents, loadDocuments, onDocuments,
  openDocuments, setLargest,
} from "./documents.js";
import { $, ask, fill, h, icon, memory } from "./dom.js";
import { filters } from "./filters.js";
import { currentLanguage, onLanguage, setLanguage, t, translatePage } from "./i18n.js";
import { openDocument } from "./panel.js";
import { drawAnswer } from "./answer.js";
import { parseLink } from "./share.js";

const SHOWN = 6;
let ready = false;
let lastState = null;

/** Run `work`; when the service wants a key (or a better one), ask for it and run again. */
async function guard(work, changing = false) {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const wanted = error.status === 401 || (changing && error.code === "admin_key_needed");
      if (!wanted || !await askKey(error.code === "admin_key_needed")) throw error;
    }
  }
}

async function askKey(forChanges) {
  const given = await ask(t("keyTitle"), (close) => {
    const field = h("input", { class: "field", type: "password", autocomplete: "off", id: "key", required: true });
    return h("form", { on: { submit: (event) => { event.preventDefault(); close(field.value.trim()); } } },
      h("p", {}, t(forChanges ? "adminKeyMore" : "keyMore")),
      h("label", { for: "key" }, t("keyLabel")), field,
      h("div", { class: "row" },
        h("button", { type: "button", class: "quiet", on: { click: () => close(null) } }, t("cancel")),
        h("button", { type: "submit", class: "primary" }, t("keySave"))));
  });
  if (given) setKey(given);
  return Boolean(given);
}

function welcome() {
  const list = documents();
  return h("div", { class: "welcome" },
    h("h1", {}, t("welcome")), h("p", {}, t("welcomeMore")),
    h("h2", {}, t("inLibrary")),
    ready && !list.length
      ? h("div", {}, h("p", { class: "empty" }, `${t("noDocuments")} ${t("noDocumentsMore")}`), chooseButton(guard))
      : h("ul", { class: "list" }, list.slice(0, SHOWN).map((info) => h("li", {}, documentItem(info)))),
    documentCount() > SHOWN ? h("button", { type: "button", class: "quiet",
      on: { click: () => openDocuments(guard) } }, t("allDocuments", documentCount())) : null);
}

const chosen = filters(documents);
const talk = conversation({
  welcome,
  filters: () => { chosen.hide(); return chosen.body(); },
  openSource: (citation, citations, button) => openDocument(citation, citations, button),
  onTrouble: async (error, again) => {
    if (error.status === 401 && await askKey(false)) again();
    if (error instanceof ServiceError && error.status === 0) watch();
  },
});

function banner(text, bad = false) {
  const bar = $("banner");
  if (bar.textContent !== text) bar.textContent = text;
  bar.hidden = !text;
  bar.classList.toggle("bad", bad);
}

let watching = false;

/** Look at the service until it is ready; then load what the page shows. */
async function watch() {
  if (watching) return;
  watching = true;
  for (;;) {
    const state = await readiness();
    if (state.status === "ready") break;
    ready = false;
    talk.enable(false);
    lastState = state;
    showState();
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  watching = false;
  if (lastState?.status === "offline") {
    banner(t("back"));
    setTimeout(() => { if (ready) banner(""); }, 2000);
  } else {
    banner("");
  }
  lastState = null;
  ready = true;
  talk.enable(true);
  await guard(async () => {
    const status = await getJson("/v1/status");
    setLargest(status.max_file_mb);
    await loadDocuments();
  }).catch((error) => banner(error.message, true));
  talk.showWelcome();
}

function showState() {
  if (!lastState) return;
  if (lastState.status === "offline") banner(t("offline"), true);
  else if (lastState.status === "failed") banner(t("failedOpen", lastState.message), true);
  else banner(t("opening", lastState.stage, lastState.done, lastState.total));
}

/** Show the sources that the address names: somebody shared them. */
async function showLink() {
  const link = parseLink(location.hash);
  if (!link) return;
  const found = await Promise.all(link.spans.map(async (span, index) => {
    try {
      const info = await guard(() => getJson(`/v1/documents/${encodeURIComponent(span.doc_id)}`));
      const quote = [...info.text].slice(span.start, span.end).join("");
      return quote ? { ...span, ...info, start: span.start, end: span.end, quote, number: index + 1,
        answer_start: 0, answer_end: 0 } : null;
    } catch {
      return null;
    }
  }));
  const citations = found.filter(Boolean);
  const turn = h("article", { class: "turn shared" }, h("h2", { class: "question" }, link.question || t("sharedTitle")));
  const body = drawAnswer({
    question: link.question, language: currentLanguage(), text: link.question ? t("sharedTitle") : "",
    citations, passages: [], timings_ms: {}, abstained: true, reason: null, confidence: 0, mode: "extractive",
    notice: citations.length < found.length ? t("sharedGone") : null, unsupported: 0,
  }, (citation, all, button) => openDocument(citation, all, button));
  for (const part of body.querySelectorAll(".about, .nearest")) part.remove();
  turn.append(body);
  talk.showShared(turn);
  if (citations.length) await openDocument(citations[0], citations, turn.querySelector(".source"));
}

const THEMES = ["auto", "light", "dark"];
const theme = () => memory.get("theme") ?? "auto";

function drawTheme() {
  const names = { auto: "themeAuto", light: "themeLight", dark: "themeDark" };
  const button = $("theme");
  fill(button, icon({ auto: "auto", light: "sun", dark: "moon" }[theme()]));
  button.title = t(names[theme()]);
  button.setAttribute("aria-label", t(names[theme()]));
  if (theme() === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme();
}

function drawLanguage() {
  translatePage();
  const button = $("language");
  button.textContent = t("languageName");
  button.lang = currentLanguage() === "it" ? "en" : "it";
  button.title = t("switchLanguage");
  drawTheme();
  chosen.draw();
  talk.redraw();
  showState();
}

$("theme").addEventListener("click", () => {
  const next = THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length];
  memory.set("theme", next === "auto" ? null : next);
  drawTheme();
});
$("language").addEventListener("click", () => setLanguage(currentLanguage() === "it" ? "en" : "it"));
$("new-chat").addEventListener("click", () => talk.clear());
$("open-documents").addEventListener("click", () => openDocuments(guard));
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, dialog");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    $("question").focus();
  }
});
window.addEventListener("hashchange", () => { showLink(); });
onLanguage(drawLanguage);
onDocuments(() => { chosen.draw(); if (talk.empty) talk.showWelcome(); });
acceptDrops(guard);
drawLanguage();
await watch();
await showLink();
if (talk.empty && matchMedia("(hover: hover)").matches && !location.hash) $("question").focus();
