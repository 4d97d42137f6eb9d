// Talking to the service: JSON, streams, uploads; one error type with what to show.

let key = null;
try { key = sessionStorage.getItem("fonte.key"); } catch { /* not kept */ }

/** Keep a key for this tab. */
export function setKey(value) {
  key = value;
  try { sessionStorage.setItem("fonte.key", value); } catch { /* only in memory */ }
}

export class ServiceError extends Error {
  /** `status` 0: the service could not be reached. */
  constructor(status, message, code = null) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const authorization = () => (key ? { Authorization: `Bearer ${key}` } : {});

async function failure(response) {
  try {
    const { error } = await response.json();
    return new ServiceError(response.status, error.message, error.code);
  } catch {
    return new ServiceError(response.status, `${response.status} ${response.statusText}`);
  }
}

async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { ...options, headers: { ...authorization(), ...options.headers } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ServiceError(0, error.message);
  }
  if (!response.ok) throw await failure(response);
  return response;
}

export const getJson = async (path) => (await request(path)).json();
export const remove = async (path) => (await request(path, { method: "DELETE" })).json();
export const postJson = async (path, body) => (await request(path, {
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
})).json();

/** /readyz without throwing: {status, …}, status "offline" when nobody answers. */
export async function readiness() {
  try {
    const response = await fetch("/readyz", { cache: "no-store" });
    return await response.json();
  } catch {
    return { status: "offline" };
  }
}

/** The events of a server-sent stream, each `{event, data}`. */
export async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      buffer += value;
      const blocks = buffer.split("\n\n");
      buffer = blocks.pop();
      for (const block of blocks) {
        const lines = block.split("\n");
        const field = (name) => lines.filter((line) => line.startsWith(`${name}: `))
          .map((line) => line.slice(name.length + 2)).join("\n");
        const data = field("data");
        if (data) yield { event: field("event") || "message", data: JSON.parse(data) };
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** Ask, and stream: `onText(piece)` as it comes; resolves with the whole answer. */
export async function askStreaming(body, onText, signal) {
  const response = await request("/v1/ask", {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
    body: JSON.stringify({ ...body, stream: true }),
    signal,
  });
  try {
    for await (const { event, data } of events(response.body)) {
      if (event === "delta") onText(data.text);
      else if (event === "answer") return data;
      else if (event === "error") throw new ServiceError(500, data.error.message, data.error.code);
    }
  } catch (error) {
    if (error.name === "AbortError" || error instanceof ServiceError) throw error;
    throw new ServiceError(0, error.message);
  }
  throw new ServiceError(0, "the stream ended early");
}

/** Send a file; `onProgress(share)` from 0 to 1. Resolves with the job. */
export function upload(file, replace, onProgress) {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append("file", file);
    if (replace) form.append("replace", "true");
    const call = new XMLHttpRequest();
    call.open("POST", "/v1/documents");
    for (const [name, value] of Object.entries(authorization())) call.setRequestHeader(name, value);
    call.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    call.onerror = () => reject(new ServiceError(0, "the connection broke"));
    call.onload = () => {
      let body = null;
      try { body = JSON.parse(call.responseText); } catch { /* not ours */ }
      if (call.status === 202) resolve(body);
      else reject(new ServiceError(call.status, body?.error?.message ?? String(call.status), body?.error?.code));
    };
    call.send(form);
  });
}

/** Follow a job until it ends; `onChange(job)` each time it is read. */
export async function follow(job, onChange) {
  let current = job;
  while (current.state === "queued" || current.state === "running") {
    onChange(current);
    await new Promise((resolve) => setTimeout(resolve, 300));
    current = await getJson(`/v1/jobs/${current.id}`);
  }
  onChange(current);
  return current;
}
