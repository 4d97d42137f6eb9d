// Offsets: the service counts Unicode code points, a JavaScript string counts UTF-16 units.

/** The UTF-16 offsets of code point offsets, which must be ascending. One pass over `text`. */
export function utf16Offsets(text, points) {
  const found = [];
  let unit = 0;
  let point = 0;
  for (const wanted of points) {
    while (point < wanted && unit < text.length) {
      unit += text.codePointAt(unit) > 0xffff ? 2 : 1;
      point += 1;
    }
    found.push(unit);
  }
  return found;
}

/** Spans given in code points, as UTF-16 spans: `text.slice(start, end)` is each one's text. */
export function toUtf16(text, spans) {
  const points = [...new Set(spans.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b);
  const units = utf16Offsets(text, points);
  const unitOf = new Map(points.map((point, index) => [point, units[index]]));
  return spans.map((span) => ({ ...span, start: unitOf.get(span.start), end: unitOf.get(span.end) }));
}

/**
 * Cut `text` at the edges of `spans` (UTF-16): pieces in order, each with the spans that cover it.
 * The pieces joined are `text` again.
 */
export function cut(text, spans) {
  const edges = new Set([0, text.length]);
  for (const { start, end } of spans) {
    if (start < end) edges.add(start).add(end);
  }
  const order = [...edges].filter((edge) => edge <= text.length).sort((a, b) => a - b);
  const pieces = [];
  for (let index = 0; index + 1 < order.length; index += 1) {
    const [start, end] = [order[index], order[index + 1]];
    const over = spans.filter((span) => span.start <= start && span.end >= end);
    pieces.push({ text: text.slice(start, end), over });
  }
  return pieces;
}

// What may follow a supported span and still belong to it: closing marks and "[1]"s.
const TAIL = /^[^\S\n]*[»”"'’).,;:!?…]*(?:[^\S\n]*\[\d+\])*[»”"'’).,;:!?…]*/;
const MARKER = /[^\S\n]*\[\d+\]/g;

/**
 * An answer as statements `{text, citations}`, in order. A statement is the supported span with
 * what leads up to it on its line; citations of overlapping spans share one. Lines without any
 * citation are statements without citations. The "[1]"s in the text give way to the sources shown.
 */
export function statements(answer) {
  const spans = toUtf16(answer.text, answer.citations.map((citation) => ({
    start: citation.answer_start, end: citation.answer_end, citation,
  }))).filter((span) => span.start < span.end).sort((a, b) => a.start - b.start || a.end - b.end);
  const groups = [];
  for (const span of spans) {
    const last = groups.at(-1);
    if (last && span.start < last.end) {
      last.end = Math.max(last.end, span.end);
      last.citations.push(span.citation);
    } else {
      groups.push({ start: span.start, end: span.end, citations: [span.citation] });
    }
  }
  const result = [];
  let at = 0;
  const add = (end, citations) => {
    const text = answer.text.slice(at, end).replace(citations.length ? MARKER : /$^/, "").trim();
    if (text) result.push({ text, citations });
    at = end;
  };
  for (const { start, end, citations } of groups) {
    const line = answer.text.lastIndexOf("\n", start - 1) + 1;
    if (line > at) add(line, []);
    add(end + TAIL.exec(answer.text.slice(end))[0].length, citations);
  }
  add(answer.text.length, []);
  return result;
}

const WORDS = /[\s«»“”"'.…]+/g;

const bare = (text) => text.normalize("NFC").toLowerCase().replace(WORDS, " ").trim();

/** Whether `text` says `quote` word for word, punctuation and quotation marks aside. */
export const says = (text, quote) => bare(text).includes(bare(quote));
