// The interface in Italian and English. Documents and answers keep their own language.

import { memory } from "./dom.js";

const WORDS = {
  en: {
    skip: "Skip to the question", tools: "Tools", newChat: "New conversation", documents: "Documents",
    conversation: "Conversation", questionLabel: "Your question",
    placeholder: "Ask your documents…", send: "Ask", stop: "Stop", filter: "Filter",
    filterCount: (n) => `Filter · ${n}`,
    switchLanguage: "Passa all’italiano", languageName: "Italiano",
    themeAuto: "Theme: as the system", themeLight: "Theme: light", themeDark: "Theme: dark",
    welcome: "Ask your documents.",
    welcomeMore: "In English or Italian. Every statement comes with the exact passage it rests on: open it and read on from there.",
    inLibrary: "What is in here", allDocuments: (n) => `All ${n} documents`,
    noDocuments: "There are no documents yet.", noDocumentsMore: "Drop files here, or choose them.",
    searching: "Looking through the documents…", stopped: "Stopped.",
    answerReady: (n) => n === 1 ? "Answer ready, with one source." : `Answer ready, with ${n} sources.`,
    refusalReady: "The documents do not hold the answer; the nearest passages are shown.",
    nearest: "What the documents do hold, nearest to your question:",
    source: (n, title) => `Source ${n}: ${title}. Open the document there`,
    copy: "Copy with citations", copied: "Copied", share: "Copy link to sources", linkCopied: "Link copied",
    about: "About this answer", confidence: "Confidence", mode: "Made by",
    modeExtractive: "quoting the documents", modeLlm: "a language model, its quotes checked",
    unsupported: "Statements dropped as unsupported", time: "Time", passages: "Passages considered",
    passage: "Passage", score: "Score", byWords: "Words", byMeaning: "Meaning",
    matched: "Words matched, with their translations", none: "none",
    retry: "Try again", errorTitle: "That did not work.",
    offline: "The service does not answer. Trying again…", back: "The service is back.",
    opening: (stage, done, total) => `Getting the documents ready… ${total ? `${done} of ${total}` : ""}`,
    failedOpen: (message) => `The documents cannot be opened. ${message}`,
    tooBusy: "The service is busy. Try again in a moment.",
    close: "Close", loading: "Loading…", previous: "Previous passage", next: "Next passage",
    spanOf: (n, m) => `Passage ${n} of ${m}`, cited: "Cited passages", openDocument: "Open",
    documentGone: "This document is no longer in the collection.",
    sharedTitle: "Shared sources", sharedGone: "One of the shared sources is no longer here.",
    find: "Find by title or name", upload: "Add documents…", dropHere: "Drop the files to add them",
    uploading: "sending", indexing: "indexing", done: "added", remove: "Remove",
    removeAsk: (name) => `Remove “${name}”?`, removeMore: "The file is deleted, and its text leaves the index.",
    cancel: "Cancel", replaceAsk: (name) => `Replace “${name}”?`,
    replaceMore: "There is already an uploaded document of that name.", replace: "Replace",
    tooLarge: (mb) => `larger than ${mb} MB`, characters: (n) => `${n} characters`,
    language: "Language", dates: "Date", from: "from", to: "to", anyLanguage: "Any",
    it: "Italian", en: "English", clearFilters: "Clear the filters", dateHint: "2025-11",
    keyTitle: "This service needs a key", keyMore: "Ask whoever runs it. It is kept for this tab only.",
    keyLabel: "Key", keySave: "Continue", adminKeyMore: "Changing documents needs a key that may do so.",
    noMatch: "Nothing matches.", evaluation: "Evaluation", runEvaluation: "Run the evaluation",
    running: "running", report: "Report", failed: "failed", apiReference: "API reference",
    evaluationMore: "How well do search and answers do on the judged questions?",
  },
  it: {
    skip: "Vai alla domanda", tools: "Strumenti", newChat: "Nuova conversazione", documents: "Documenti",
    conversation: "Conversazione", questionLabel: "La tua domanda",
    placeholder: "Chiedi ai tuoi documenti…", send: "Chiedi", stop: "Ferma", filter: "Filtra",
    filterCount: (n) => `Filtra · ${n}`,
    switchLanguage: "Switch to English", languageName: "English",
    themeAuto: "Tema: come il sistema", themeLight: "Tema: chiaro", themeDark: "Tema: scuro",
    welcome: "Chiedi ai tuoi documenti.",
    welcomeMore: "In italiano o in inglese. Ogni affermazione porta con sé il passo esatto su cui si fonda: aprilo e continua a leggere da lì.",
    inLibrary: "Che cosa c’è qui", allDocuments: (n) => `Tutti i ${n} documenti`,
    noDocuments: "Non ci sono ancora documenti.", noDocumentsMore: "Trascina qui dei file, o scegline.",
    searching: "Cerco nei documenti…", stopped: "Interrotto.",
    answerReady: (n) => n === 1 ? "Risposta pronta, con una fonte." : `Risposta pronta, con ${n} fonti.`,
    refusalReady: "I documenti non contengono la risposta; ecco i passi più vicini.",
    nearest: "Quello che i documenti dicono di più vicino alla domanda:",
    source: (n, title) => `Fonte ${n}: ${title}. Apri il documento in quel punto`,
    copy: "Copia con le citazioni", copied: "Copiato", share: "Copia il link alle fonti", linkCopied: "Link copiato",
    about: "Su questa risposta", confidence: "Fiducia", mode: "Fatta da",
    modeExtractive: "citazione dei documenti", modeLlm: "un modello linguistico, con citazioni verificate",
    unsupported: "Affermazioni tolte perché senza fonte", time: "Tempo", passages: "Passi considerati",
    passage: "Passo", score: "Punteggio", byWords: "Parole", byMeaning: "Senso",
    matched: "Parole trovate, con le loro traduzioni", none: "nessuna",
    retry: "Riprova", errorTitle: "Non ha funzionato.",
    offline: "Il servizio non risponde. Riprovo…", back: "Il servizio è tornato.",
    opening: (stage, done, total) => `Preparo i documenti… ${total ? `${done} di ${total}` : ""}`,
    failedOpen: (message) => `I documenti non si aprono. ${message}`,
    tooBusy: "Il servizio è occupato. Riprova fra un momento.",
    close: "Chiudi", loading: "Carico…", previous: "Passo precedente", next: "Passo successivo",
    spanOf: (n, m) => `Passo ${n} di ${m}`, cited: "Passi citati", openDocument: "Apri",
    documentGone: "Questo documento non è più nella raccolta.",
    sharedTitle: "Fonti condivise", sharedGone: "Una delle fonti condivise non c’è più.",
    find: "Cerca per titolo o nome", upload: "Aggiungi documenti…", dropHere: "Lascia i file per aggiungerli",
    uploading: "invio", indexing: "indicizzo", done: "aggiunto", remove: "Rimuovi",
    removeAsk: (name) => `Rimuovere «${name}»?`, removeMore: "Il file viene cancellato e il suo testo esce dall’indice.",
    cancel: "Annulla", replaceAsk: (name) => `Sostituire «${name}»?`,
    replaceMore: "C’è già un documento caricato con questo nome.", replace: "Sostituisci",
    tooLarge: (mb) => `più grande di ${mb} MB`, characters: (n) => `${n} caratteri`,
    language: "Lingua", dates: "Data", from: "dal", to: "al", anyLanguage: "Tutte",
    it: "Italiano", en: "Inglese", clearFilters: "Togli i filtri", dateHint: "2025-11",
    keyTitle: "Questo servizio vuole una chiave", keyMore: "Chiedila a chi lo gestisce. Resta solo in questa scheda.",
    keyLabel: "Chiave", keySave: "Continua", adminKeyMore: "Per cambiare i documenti serve una chiave che lo permetta.",
    noMatch: "Nessun risultato.", evaluation: "Valutazione", runEvaluation: "Avvia la valutazione",
    running: "in corso", report: "Rapporto", failed: "non riuscita", apiReference: "Riferimento dell’API",
    evaluationMore: "Come se la cavano ricerca e risposte sulle domande giudicate?",
  },
};

function preferred() {
  const remembered = memory.get("language");
  if (remembered === "it" || remembered === "en") return remembered;
  return navigator.languages?.find((tag) => /^(it|en)\b/i.test(tag))?.slice(0, 2).toLowerCase() ?? "en";
}

let language = preferred();
const listeners = [];

export const currentLanguage = () => language;
export const onLanguage = (listener) => listeners.push(listener);

/** Set and remember the interface's language, and let every part of the page redraw. */
export function setLanguage(chosen) {
  language = chosen;
  memory.set("language", chosen);
  for (const listener of listeners) listener();
}

/** The word for `key`; entries with a gap are functions of what fills it. */
export function t(key, ...values) {
  const entry = WORDS[language][key] ?? WORDS.en[key] ?? key;
  return typeof entry === "function" ? entry(...values) : entry;
}

/** Fill in the words of the static page. */
export function translatePage() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-i18n]")) {
    element.textContent = t(element.dataset.i18n);
  }
  for (const element of document.querySelectorAll("[data-i18n-label]")) {
    element.setAttribute("aria-label", t(element.dataset.i18nLabel));
  }
  for (const element of document.querySelectorAll("[data-i18n-placeholder]")) {
    element.placeholder = t(element.dataset.i18nPlaceholder);
  }
}

/** A document's date as people write it: it may lack day, month or year. */
export function showDate(iso) {
  const match = /^(?:(\d{4})|-)(?:-(\d{2}))?(?:-(\d{2}))?$/.exec(iso ?? "");
  if (!match) return iso ?? "";
  const [, year, month, day] = match;
  const parts = {
    ...(year && { year: "numeric" }), ...(month && { month: "long" }), ...(day && { day: "numeric" }),
  };
  const date = new Date(Date.UTC(Number(year ?? 2000), Number(month ?? 1) - 1, Number(day ?? 1)));
  if (Number.isNaN(date.getTime())) return iso;
  return new Intl.DateTimeFormat(language, { ...parts, timeZone: "UTC" }).format(date);
}

/** Text in the quotation marks of a language. */
export const quoted = (text, code = language) => (code === "it" ? `«${text}»` : `“${text}”`);

/** A probability: never quite certain. */
export function showConfidence(value) {
  if (value > 0.99) return "> 99 %";
  return value < 0.01 ? "< 1 %" : `${Math.round(value * 100)} %`;
}

export const showNumber = (value, digits = 0) =>
  new Intl.NumberFormat(language, { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value);
