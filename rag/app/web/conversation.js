// Questions and answers, one after the other; asking, streaming, stopping.

import { drawAnswer } from "./answer.js";
import { askStreaming, ServiceError } from "./api.js";
import { $, announce, fill, h, icon } from "./dom.js";
import { t } from "./i18n.js";

const HISTORY_TURNS = 10;

/** `deps`: welcome() draws the empty state; filters() and openSource() as named; onTrouble(error). */
export function conversation(deps) {
  const turns = $("turns");
  const field = $("question");
  const send = $("send");
  const done = [];
  let running = null;

  function showWelcome() {
    if (!done.length && !running) fill(turns, deps.welcome());
    const fresh = $("new-chat");
    fresh.hidden = !done.length;
    fill(fresh, icon("plus"), h("span", { class: "label" }, t("newChat")));
    fresh.title = t("newChat");
  }

  function setRunning(controller) {
    running = controller;
    send.textContent = t(running ? "stop" : "send");
    turns.setAttribute("aria-busy", String(Boolean(running)));
  }

  function grow() {
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
  }

  function newTurn(question) {
    if (!done.length) fill(turns);
    const body = h("div", { class: "answer" }, h("p", { class: "waiting" }, t("searching")));
    const turn = h("article", { class: "turn" }, h("h2", { class: "question" }, question), body);
    turns.append(turn);
    turn.scrollIntoView({ block: "start" });
    return { turn, body };
  }

  const history = () => done.slice(-HISTORY_TURNS).flatMap(({ question, answer }) => [
    { role: "user", content: question }, { role: "assistant", content: answer.text },
  ]);

  async function ask(question) {
    const { turn, body } = newTurn(question);
    const past = history();
    done.push({ turn, question, answer: { text: "", citations: [] } });
    const entry = done.at(-1);
    $("new-chat").hidden = false;
    const controller = new AbortController();
    setRunning(controller);
    let live = null;
    try {
      const filters = deps.filters();
      const request = { question, history: past, ...(filters && { filters }) };
      entry.answer = await askStreaming(request, (piece) => {
        if (!live) {
          live = h("p", { class: "statement-text streaming" });
          fill(body, live);
        }
        live.append(piece);
      }, controller.signal);
      entry.complete = true;
      draw(entry);
      announce(entry.answer.abstained ? t("refusalReady") : t("answerReady", entry.answer.citations.length));
    } catch (error) {
      done.splice(done.indexOf(entry), 1);
      if (error.name === "AbortError") {
        live?.classList.remove("streaming");
        if (live) body.append(h("p", { class: "notice" }, t("stopped")));
        else fill(body, h("p", { class: "notice" }, t("stopped")), retry(turn, question));
        announce(t("stopped"));
      } else {
        fill(body, trouble(error, turn, question));
        deps.onTrouble(error, () => again(turn, question));
      }
    } finally {
      setRunning(null);
    }
  }

  function draw(entry) {
    entry.turn.replaceChild(drawAnswer(entry.answer, deps.openSource), entry.turn.lastElementChild);
  }

  function again(turn, question) {
    if (running) return;
    turn.remove();
    ask(question);
  }

  const retry = (turn, question) => h("button", { type: "button", class: "quiet outlined",
    on: { click: () => again(turn, question) } }, t("retry"));

  function trouble(error, turn, question) {
    const shown = error instanceof ServiceError && error.status === 0 ? t("offline")
      : error.status === 503 && error.code === "overloaded" ? t("tooBusy") : error.message;
    return h("div", { class: "failure", role: "alert" },
      h("p", {}, h("strong", {}, t("errorTitle"))), h("p", {}, shown), retry(turn, question));
  }

  function submit() {
    if (running) {
      running.abort();
      return;
    }
    const question = field.value.trim();
    if (!question || send.disabled) return;
    field.value = "";
    grow();
    ask(question);
  }

  $("composer").addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  field.addEventListener("input", grow);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      if (!running) submit();
    }
  });

  return {
    showWelcome,
    /** Redraw finished answers and the empty state in the interface's language. */
    redraw() {
      setRunning(running);
      for (const entry of done) if (entry.complete) draw(entry);
      showWelcome();
    },
    clear() {
      running?.abort();
      done.length = 0;
      fill(turns);
      showWelcome();
      field.focus();
    },
    /** Show sources that somebody shared as a turn of their own. */
    showShared(node) {
      if (!done.length) fill(turns);
      turns.append(node);
      node.scrollIntoView({ block: "start" });
    },
    enable(yes) { send.disabled = !yes; },
    get empty() { return !done.length && !running; },
  };
}
