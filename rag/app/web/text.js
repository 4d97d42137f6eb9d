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

/**
 * An answer as statements: `{text, citations}` in order. Citations of the same or of overlapping
 * spans share a statement; text between them is a statement without citations.
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
  const plain = (end) => {
    const text = answer.text.slice(at, end);
    if (text.trim()) result.push({ text: text.trim(), citations: [] });
  };
  for (const group of groups) {
    plain(group.start);
    result.push({ text: answer.text.slice(group.start, group.end).trim(), citations: group.citations });
    at = group.end;
  }
  plain(answer.text.length);
  return result;
}

const WORDS = /[\s«»“”"'.…]+/g;

/** Whether two texts say the same, punctuation and quotation marks aside. */
export function sameText(one, two) {
  const bare = (text) => text.normalize("NFC").toLowerCase().replace(WORDS, " ").trim();
  return bare(one) === bare(two);
}
