// Answers that leave the page: as text with citations, and as links to their sources.

/** A link that opens these sources here: `#q=…&cite=doc:start-end&cite=…`. */
export function sourcesLink(citations, question = "") {
  const parts = citations.map(({ doc_id, start, end }) => `cite=${encodeURIComponent(doc_id)}:${start}-${end}`);
  if (question) parts.unshift(`q=${encodeURIComponent(question)}`);
  return `${location.origin}/#${parts.join("&")}`;
}

/** What a link says: `{question, spans: [{doc_id, start, end}]}`, or null when it names no source. */
export function parseLink(hash) {
  const spans = [];
  let question = "";
  for (const part of hash.replace(/^#/, "").split("&")) {
    const [name, ...rest] = part.split("=");
    let value;
    try { value = decodeURIComponent(rest.join("=")); } catch { continue; }
    if (name === "q") question = value.slice(0, 4000);
    const match = name === "cite" && /^([\w.-]{1,128}):(\d{1,9})-(\d{1,9})$/.exec(value);
    if (match && Number(match[2]) < Number(match[3]) && spans.length < 50) {
      spans.push({ doc_id: match[1], start: Number(match[2]), end: Number(match[3]) });
    }
  }
  return spans.length ? { question, spans } : null;
}

/** An answer as plain text: statements with [n], then the sources with their quotes. */
export function asText(answer, list) {
  const body = list.map(({ text, citations }) =>
    citations.length ? `${text} ${citations.map(({ number }) => `[${number}]`).join("")}` : text).join("\n\n");
  const sources = answer.citations.map((citation) => {
    const facts = [citation.title, citation.date, citation.path].filter(Boolean).join(", ");
    return `[${citation.number}] ${facts}\n    «${citation.quote}»\n    ${sourcesLink([citation])}`;
  });
  return [answer.question, body, sources.join("\n")].filter(Boolean).join("\n\n");
}

/** Put text on the clipboard, also where the page is not served securely. */
export async function copy(text) {
  if (navigator.clipboard && window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "hidden";
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}
