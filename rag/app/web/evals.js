// Evaluations: start one, follow it, open its report.

import { follow, getJson, postJson } from "./api.js";
import { fill, h } from "./dom.js";
import { showNumber, t } from "./i18n.js";

const FIGURES = ["all/nDCG@10", "all/R@5", "all/answer_correct"];

/** A section that lists runs and starts one. `guard` runs work and asks for a key when needed. */
export function evaluations(guard) {
  const list = h("ul", { class: "list" });
  const state = h("p", { class: "item-meta", role: "status" });
  const button = h("button", { type: "button", class: "quiet outlined", on: { click: start } }, t("runEvaluation"));

  async function load() {
    try {
      const { runs } = await guard(() => getJson("/v1/eval/runs"));
      fill(list, runs.map((run) => h("li", {}, h("a", { class: "item", href: run.report, target: "_blank",
        rel: "noopener" }, h("span", { class: "item-title" }, `${t("report")} ${run.name}`),
      h("span", { class: "item-meta" }, describe(run))))));
    } catch (error) {
      state.textContent = error.message;
    }
  }

  async function start() {
    button.disabled = true;
    try {
      const job = await guard(() => postJson("/v1/eval/runs", {}), true);
      const end = await follow(job, ({ progress }) => {
        state.textContent = `${t("running")} ${progress.total ? `${progress.done}/${progress.total}` : ""}`;
      });
      state.textContent = end.state === "failed" ? `${t("failed")}: ${end.error}` : "";
    } catch (error) {
      state.textContent = error.message;
    }
    button.disabled = false;
    await load();
  }

  load();
  return h("section", {}, h("h3", { class: "section-title" }, t("evaluation")),
    h("p", { class: "item-meta" }, t("evaluationMore")),
    h("div", { class: "panel-tools" }, button, state), list);
}

function describe(run) {
  const shown = FIGURES.filter((name) => name in run.figures).map((name) =>
    `${name.replace("all/", "")} ${showNumber(run.figures[name], 3)}`);
  return [run.set, `${run.questions}`, ...shown].join(" · ");
}
