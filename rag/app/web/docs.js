// The API reference, drawn from /openapi.json: no library, nothing from elsewhere.

import { $, fill, h } from "./dom.js";

const METHODS = ["get", "post", "put", "patch", "delete"];
const GROUPS = { ask: "Search and ask", openai: "OpenAI-compatible chat", documents: "Documents and jobs",
  eval: "Evaluation", service: "Service" };

let spec = null;

/** Follow a $ref within the document. */
function resolve(schema) {
  if (!schema?.$ref) return schema ?? {};
  return schema.$ref.replace("#/", "").split("/").reduce((node, key) => node?.[key], spec) ?? {};
}

/** A schema's type in a few words. */
function typeOf(schema) {
  if (schema?.$ref) return schema.$ref.split("/").at(-1);
  if (schema?.anyOf) return schema.anyOf.map(typeOf).join(" or ");
  if (schema?.enum) return schema.enum.map((value) => JSON.stringify(value)).join(", ");
  if (schema?.const !== undefined) return JSON.stringify(schema.const);
  if (schema?.type === "array") return `list of ${typeOf(schema.items)}`;
  const bounds = ["minimum", "maximum", "minLength", "maxLength", "pattern"].filter((key) => schema?.[key] !== undefined)
    .map((key) => `${key} ${schema[key]}`);
  return [schema?.type ?? "any", ...bounds].join(", ");
}

/** Text in which `names` are set as code. */
const prose = (text) => text.split("`").map((part, index) => (index % 2 ? h("code", {}, part) : part));

const row = (...cells) => h("tr", {}, cells.map((cell) => h("td", {}, cell)));
const table = (heads, rows) => h("table", {}, h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
  h("tbody", {}, rows));

function fields(schema) {
  const { properties = {}, required = [] } = resolve(schema);
  return table(["Field", "Type", "Meaning"], Object.entries(properties).map(([name, value]) => row(
    h("code", {}, required.includes(name) ? name : `${name}?`), typeOf(value),
    [value.description ?? "", value.default !== undefined && value.default !== null ? ` (default ${JSON.stringify(value.default)})` : ""].join(""))));
}

function bodyPart(operation) {
  const content = operation.requestBody?.content ?? {};
  const [kind, media] = Object.entries(content)[0] ?? [];
  if (!kind) return { parts: [], example: null };
  const schema = resolve(media.schema);
  const example = schema.examples?.[0] ?? null;
  return { parts: [h("h3", {}, `Body (${kind})`), fields(media.schema),
    example ? h("h3", {}, "Example") : null,
    example ? h("pre", { tabindex: "0" }, JSON.stringify(example, null, 2)) : null], example };
}

function trial(method, path, example) {
  if (method === "delete" || path.includes("{") || (method === "post" && !example)) return null;
  const body = example ? h("textarea", { class: "field", value: JSON.stringify(example, null, 2), aria: { label: "Body" } }) : null;
  const output = h("pre", { tabindex: "0", aria: { live: "polite" } }, "");
  output.hidden = true;
  const run = async () => {
    let key = null;
    try { key = sessionStorage.getItem("fonte.key"); } catch { /* none */ }
    const start = performance.now();
    const response = await fetch(path, { method: method.toUpperCase(), body: body?.value,
      headers: { ...(body && { "Content-Type": "application/json" }), ...(key && { Authorization: `Bearer ${key}` }) } });
    const text = await response.text();
    let shown = text;
    try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON */ }
    output.hidden = false;
    output.textContent = `${response.status} in ${Math.round(performance.now() - start)} ms\n${shown.slice(0, 20000)}`;
  };
  return h("div", { class: "try" }, h("h3", {}, "Try it"), body,
    h("button", { type: "button", class: "primary", on: { click: run } }, "Send"), output);
}

function operationPart(method, path, operation) {
  const { parts, example } = bodyPart(operation);
  const parameters = operation.parameters ?? [];
  const answers = Object.entries(operation.responses).map(([status, response]) => {
    const schema = Object.values(response.content ?? {})[0]?.schema;
    return row(h("code", {}, status), schema ? typeOf(schema) : "", prose(response.description ?? ""));
  });
  return h("details", { class: "operation", id: operation.operationId },
    h("summary", {}, h("span", { class: "method" }, method.toUpperCase()), h("span", { class: "path" }, path),
      h("span", {}, operation.summary ?? "")),
    h("div", {}, h("p", {}, prose(operation.description ?? "")),
      parameters.length ? [h("h3", {}, "Parameters"), table(["Name", "In", "Type"], parameters.map((one) =>
        row(h("code", {}, one.required ? one.name : `${one.name}?`), one.in, typeOf(one.schema))))] : null,
      parts, h("h3", {}, "Answers"), table(["Status", "Type", "Meaning"], answers), trial(method, path, example)));
}

function schemasPart() {
  return [h("h2", {}, "Types"), Object.entries(spec.components?.schemas ?? {}).map(([name, schema]) =>
    h("details", { class: "operation" }, h("summary", {}, h("span", { class: "path" }, name),
      h("span", {}, (schema.description ?? "").split("\n")[0])), h("div", {}, fields(schema))))];
}

try {
  const response = await fetch("/openapi.json");
  spec = await response.json();
  const groups = Object.entries(GROUPS).map(([tag, title]) => {
    const inside = Object.entries(spec.paths).flatMap(([path, item]) => METHODS.filter((method) =>
      item[method]?.tags?.includes(tag)).map((method) => operationPart(method, path, item[method])));
    return inside.length ? [h("h2", {}, title), inside] : [];
  });
  fill($("reference"), h("h1", {}, "API reference"), h("p", {}, spec.info.description), groups, schemasPart());
} catch (error) {
  fill($("reference"), h("p", { role: "alert" }, `The reference cannot be read: ${error.message}`));
}
