// Which documents a question is asked of: by document, language, date.

import { $, fill, h, icon } from "./dom.js";
import { t } from "./i18n.js";

const ISO = "\\d{4}(-\\d{2}(-\\d{2})?)?";

/** `documents()` gives the documents to choose from. */
export function filters(documents) {
  const chosen = { documents: new Set(), language: "", from: "", to: "" };
  const box = $("filters");
  const toggle = $("filter");

  const count = () => chosen.documents.size + [chosen.language, chosen.from, chosen.to].filter(Boolean).length;

  function label() {
    const text = count() ? t("filterCount", count()) : t("filter");
    fill(toggle, icon("sliders"), h("span", { class: "label" }, text));
    toggle.title = text;
    toggle.classList.toggle("active", count() > 0);
  }

  function changed(change) {
    change();
    label();
  }

  function choice(type, name, text, checked, change) {
    return h("label", {}, h("input", { type, name, checked, on: { change: (event) =>
      changed(() => change(event.target.checked)) } }), h("span", {}, text));
  }

  function dateField(key) {
    return h("label", {}, h("span", {}, t(key)), h("input", {
      class: "field", type: "text", inputmode: "numeric", pattern: ISO, placeholder: t("dateHint"),
      value: chosen[key], on: { input: (event) => changed(() => {
        const good = new RegExp(`^(${ISO})?$`).test(event.target.value.trim());
        event.target.setAttribute("aria-invalid", String(!good));
        if (good) chosen[key] = event.target.value.trim();
      }) },
    }));
  }

  function draw() {
    const list = documents();
    fill(box,
      h("fieldset", {}, h("legend", {}, t("language")), h("div", { class: "choices" },
        ["", "it", "en"].map((code) => choice("radio", "language", code ? t(code) : t("anyLanguage"),
          chosen.language === code, () => { chosen.language = code; })))),
      h("fieldset", {}, h("legend", {}, t("dates")), h("div", { class: "dates" }, dateField("from"), dateField("to"))),
      list.length ? h("fieldset", {}, h("legend", {}, t("documents")),
        h("div", { class: "documents-choice" }, list.map((info) =>
          choice("checkbox", "document", info.title || info.path, chosen.documents.has(info.doc_id), (on) => {
            if (on) chosen.documents.add(info.doc_id);
            else chosen.documents.delete(info.doc_id);
          })))) : null,
      h("button", { type: "button", class: "quiet outlined", on: { click: () => {
        chosen.documents.clear();
        Object.assign(chosen, { language: "", from: "", to: "" });
        label();
        draw();
        toggle.focus();
      } } }, t("clearFilters")));
    label();
  }

  function show(yes) {
    box.hidden = !yes;
    toggle.setAttribute("aria-expanded", String(yes));
    if (yes) draw();
  }

  toggle.addEventListener("click", () => show(box.hidden));
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { show(false); toggle.focus(); event.stopPropagation(); }
    if (event.key === "Enter" && event.target.type === "text") event.preventDefault();
  });

  return {
    draw,
    hide: () => show(false),
    /** As the API takes them; null when nothing is restricted. */
    body() {
      const known = new Set(documents().map(({ doc_id }) => doc_id));
      const ids = [...chosen.documents].filter((id) => known.has(id));
      if (!ids.length && !chosen.language && !chosen.from && !chosen.to) return null;
      return {
        ...(ids.length && { documents: ids }),
        ...(chosen.language && { languages: [chosen.language] }),
        ...(chosen.from && { date_from: chosen.from }),
        ...(chosen.to && { date_to: chosen.to }),
      };
    },
  };
}
