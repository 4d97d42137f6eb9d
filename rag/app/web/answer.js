// One answer drawn: statements, their sources, what to do with it, what it was made from.

import { announce, h } from "./dom.js";
import { quoted, showConfidence, showDate, showNumber, t } from "./i18n.js";
import { asText, copy, sourcesLink } from "./share.js";
import { says, statements } from "./text.js";

/** `openSource(citation, citations, button)` shows the cited passage beside the conversation. */
export function drawAnswer(answer, openSource) {
  const list = answer.abstained ? [{ text: answer.text, citations: [] }] : statements(answer);
  const open = (citation, button) => openSource(citation, answer.citations, button);
  const body = h("div", { class: answer.abstained ? "answer refusal" : "answer" });
  if (answer.notice) body.append(h("p", { class: "notice", lang: answer.language }, answer.notice));
  const multiple = list.some(({ citations }) => citations.length);
  for (const { text, citations } of list) {
    const plain = multiple && !citations.length;
    body.append(h("div", { class: "statement" },
      h("p", { class: plain ? "aside-text" : "statement-text", lang: answer.language }, text,
        citations.map(({ number }) => h("sup", { class: "ref", aria: { hidden: true } }, ` ${number}`))),
      citations.length ? sourceList(citations, open, answer.language, answer.mode === "extractive" ? text : "") : null));
  }
  if (answer.abstained && answer.reason && !says(answer.text, answer.reason)) {
    body.append(h("p", { class: "nearest", lang: answer.language }, answer.reason));
  }
  if (answer.abstained && answer.citations.length) {
    body.append(h("p", { class: "nearest" }, t("nearest")), sourceList(answer.citations, open, answer.language));
  }
  body.append(tools(answer, list), about(answer, open));
  return body;
}

/** The sources of a statement; a quote that is the statement itself is not shown twice. */
function sourceList(citations, open, language, statement = "") {
  return h("ol", { class: "sources" }, citations.map((citation) => {
    const title = citation.title || citation.path;
    const facts = [citation.date && showDate(citation.date), citation.title && citation.path];
    const repeats = says(statement, citation.quote);
    const button = h("button", {
      type: "button", class: "source", data: { number: String(citation.number) },
      on: { click: () => open(citation, button) },
    },
    h("span", { class: "number", aria: { hidden: true } }, String(citation.number)),
    h("span", { class: "source-title" },
      h("span", { class: "hidden" }, `${t("source", citation.number, title)}. `),
      h("span", { aria: { hidden: true } }, title),
      h("span", { class: "source-meta" }, facts.filter(Boolean).map((fact) => ` · ${fact}`))),
    repeats ? null : h("span", { class: "quote" }, quoted(citation.quote, language)));
    return h("li", {}, button);
  }));
}

function tools(answer, list) {
  const acting = (label, done, act) => {
    const button = h("button", { type: "button", class: "quiet", on: { click: async () => {
      await act();
      button.textContent = t(done);
      announce(t(done));
      setTimeout(() => { button.textContent = t(label); }, 1600);
    } } }, t(label));
    return button;
  };
  return h("div", { class: "tools" },
    acting("copy", "copied", () => copy(asText(answer, list))),
    answer.citations.length
      ? acting("share", "linkCopied", () => copy(sourcesLink(answer.citations, answer.question))) : null);
}

/** How this answer came about: who made it, how sure, from which passages, in what time. */
function about(answer, open) {
  const milliseconds = Object.entries(answer.timings_ms);
  const total = milliseconds.reduce((sum, [, ms]) => sum + ms, 0);
  const terms = new Map();
  for (const { signals } of answer.passages) {
    for (const [asked, found] of signals.terms) {
      if (!terms.has(asked)) terms.set(asked, new Set());
      terms.get(asked).add(found);
    }
  }
  const facts = [
    [t("confidence"), showConfidence(answer.confidence)],
    [t("mode"), t(answer.mode === "llm" ? "modeLlm" : "modeExtractive")],
    answer.unsupported ? [t("unsupported"), String(answer.unsupported)] : null,
    [t("time"), `${showNumber(total, 1)} ms` + (milliseconds.length
      ? ` (${milliseconds.map(([stage, ms]) => `${stage} ${showNumber(ms, 1)}`).join(", ")})` : "")],
  ].filter(Boolean);
  return h("details", { class: "about" },
    h("summary", {}, t("about")),
    h("dl", { class: "facts" }, facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    answer.passages.length ? h("h3", {}, t("passages")) : null,
    answer.passages.length ? passagesTable(answer.passages, open) : null,
    h("h3", {}, t("matched")),
    h("ul", { class: "terms" }, terms.size
      ? [...terms].map(([asked, found]) => h("li", {}, termText(asked, [...found])))
      : h("li", {}, t("none"))));
}

function termText(asked, found) {
  const others = found.filter((word) => word !== asked);
  return others.length ? `${asked} → ${others.join(", ")}` : asked;
}

function passagesTable(passages, open) {
  const cell = (value) => h("td", { class: "num" }, value === null ? "–" : showNumber(value, 2));
  const numeric = (key) => h("th", { class: "num", scope: "col" }, t(key));
  const rows = passages.map((hit) => {
    const button = h("button", { type: "button", class: "quiet",
      on: { click: () => open({ ...hit, quote: hit.text, number: hit.rank }, button) } },
    hit.title || hit.path);
    return h("tr", {}, h("td", {}, button), cell(hit.score), cell(hit.signals.lexical), cell(hit.signals.dense));
  });
  return h("div", { class: "scroll", tabindex: "0", role: "region", aria: { label: t("passages") } },
    h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("passage")), numeric("score"),
        numeric("byWords"), numeric("byMeaning"))),
      h("tbody", {}, rows)));
}
