// Import and export of users. A file may be larger than the memory, so the import reads it piece by piece.

import { announce, button, details, el, form, problemText, save, showScreen } from "./dom.js";
import { send } from "./session.js";
import { t } from "./text.js";
import { columns, data, s } from "./view.js";

const NDJSON = "application/x-ndjson";

/** The size of a piece of the file. Several lines of the maximum length fit; proxies usually accept 1 MiB. */
const SLICE_BYTES = 512 * 1024;

/** The time that one request should take, so that the import stops soon after the user asks for it. */
const REQUEST_MS = 2_000;

/** The number of failed lines that the page shows. The file of failed lines contains all. */
const SHOWN_FAILURES = 20;

/** The received parts of an export are joined at this size, because browsers store large blobs on disk. */
const BLOB_BYTES = 8 * 1024 * 1024;

const roles = ["admin"];

export const screens = [
  { path: "import", label: "system.import", roles, show: showImport },
  { path: "export", label: "system.export", roles, show: showExport },
];

/** An import of one file. After a stop or a failure, it continues with the first line without a result. */
class FileImport {
  counts = { created: 0, unchanged: 0, error: 0, weak: 0 };
  /** The failed lines with their errors, as NDJSON. */
  failures = new Blob([]);
  firstFailures = [];
  /** The number of finished lines, and the position after them. */
  line = 0;
  offset = 0;
  #maxLines = 100;
  #skips = false;

  constructor(file, dryRun) {
    this.file = file;
    this.dryRun = dryRun;
  }

  get ended() {
    return this.offset >= this.file.size;
  }

  /** Imports the next lines. */
  async next() {
    const bytes = await this.#read();
    if (this.#skips) {
      const end = bytes.indexOf(10) + 1;
      this.#skips = end === 0;
      this.offset += end || bytes.length;
      return;
    }
    const { line, offset } = this;
    const ends = this.#lineEnds(bytes);
    const failures = [];
    const finish = (lines) => {
      this.line = line + lines;
      this.offset = offset + ends[lines - 1];
      this.#skips = bytes[ends[lines - 1] - 1] !== 10;
    };
    const started = performance.now();
    let last;
    try {
      const response = await stream("POST", "user/import?dryRun=" + this.dryRun, { body: bytes.subarray(0, ends.at(-1)) });
      for await (last of results(response)) {
        if (last.status in this.counts) {
          this.counts[last.status]++;
          if (last.status === "error") {
            failures.push(this.#failure(line, last, bytes.subarray(ends[last.line - 2] ?? 0, ends[last.line - 1])));
          }
          // Results are in order; blank lines have none.
          finish(last.line);
        }
      }
    } finally {
      this.failures = new Blob([this.failures, ...failures]);
    }
    this.counts.weak += last?.weak ?? 0;
    if (last?.status !== "done") {
      throw last?.status === "stopped" ? { ...last, status: 500 } : new TypeError("incomplete");
    }
    finish(ends.length);
    const pace = Math.min(4, REQUEST_MS / (performance.now() - started));
    this.#maxLines = Math.min(20_000, Math.max(20, Math.round(ends.length * pace)));
  }

  async #read() {
    try {
      return new Uint8Array(await this.file.slice(this.offset, this.offset + SLICE_BYTES).arrayBuffer());
    } catch {
      throw { status: 400, message: s("unreadable") };
    }
  }

  /**
   * Returns the positions after the lines to send. A piece without a complete line is the beginning of a line that is
   * too long. It is sent, so that the service rejects it; then the rest of the line is skipped.
   */
  #lineEnds(bytes) {
    const ends = [];
    for (let at = bytes.indexOf(10); at >= 0 && ends.length < this.#maxLines; at = bytes.indexOf(10, at + 1)) {
      ends.push(at + 1);
    }
    const all = ends.length < this.#maxLines && this.offset + bytes.length >= this.file.size;
    if (ends.length === 0 || (all && ends.at(-1) < bytes.length)) {
      ends.push(bytes.length);
    }
    return ends;
  }

  #failure(before, { line, username, code, message, errors }, bytes) {
    const content = new TextDecoder().decode(bytes).replace(/\r?\n$/, "");
    const failure = { line: before + line, username, code, message, errors, content };
    if (this.firstFailures.length < SHOWN_FAILURES) {
      this.firstFailures.push(failure);
    }
    return JSON.stringify(failure) + "\n";
  }
}

/** Sends a request without a time limit. */
function stream(method, path, { body, signal = new AbortController().signal }) {
  const headers = { Accept: NDJSON + ", application/json", ...(body && { "Content-Type": NDJSON }) };
  return send(method, path, { body, raw: true, headers, signal });
}

/** Returns the parts of a response as they arrive. */
async function* chunks(response) {
  const reader = response.body.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    yield read.value;
  }
}

async function* results(response) {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks(response)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop();
    yield* lines.map(JSON.parse);
  }
}

function showImport({ current }) {
  const box = el("section", { hidden: true });
  let running = false;
  const start = async (job) => {
    if (!running) {
      running = true;
      await run(job, box, current, start).finally(() => (running = false));
    }
  };
  const choice = form({
    fields: [
      { name: "file", label: s("file"), hint: s("fileHint"), type: "file" },
      { name: "dryRun", label: s("dryRun"), hint: s("dryRunHint"), type: "checkbox", value: true },
    ],
    action: s("import"),
    submit: ({ dryRun }) => start(new FileImport(choice.field("file").files[0], dryRun)),
  });
  showScreen(s("import"), el("p", {}, s("importText")), choice, box);
}

/** Runs an import until its end, a failure or a stop, and shows its progress. `start` continues it. */
async function run(job, box, current, start) {
  const before = job.line;
  const started = performance.now();
  const bar = el("progress", { max: job.file.size || 1, "aria-label": s("progress") });
  const numbers = Object.fromEntries(["lines", "rate", ...Object.keys(job.counts)].map((name) => [name, el("span")]));
  const show = () => {
    const rate = Math.round((job.line - before) / ((performance.now() - started) / 1000));
    Object.entries({ lines: job.line, rate, ...job.counts })
      .forEach(([name, count]) => (numbers[name].textContent = count.toLocaleString(t.locale)));
    bar.value = job.offset;
  };
  let stopped = false;
  const actions = el("div", { class: "actions" }, button(s("stop"), () => {
    stopped = true;
  }));
  const state = el("p", {}, s(job.dryRun ? "checking" : "importing"));
  box.hidden = false;
  box.replaceChildren(state, bar, details(Object.entries(numbers).map(([name, part]) => [s("count." + name), part])), actions);
  addEventListener("beforeunload", warn);
  const timer = setInterval(show, 200);
  let problem;
  try {
    while (!job.ended && !stopped && current()) {
      await job.next();
    }
  } catch (failed) {
    problem = failed;
  }
  clearInterval(timer);
  removeEventListener("beforeunload", warn);
  if (!current()) {
    return;
  }
  show();
  state.textContent = job.ended ? s(job.dryRun ? "checked" : "imported") : s("stoppedAfter", { line: job.line });
  announce(state.textContent);
  const rows = job.firstFailures.map(({ line, username, code, message, errors = [] }) => [
    String(line), data(username), data([code + ":", message, ...errors.map((one) => `${one.field} ${one.message}`)].join(" "))]);
  actions.replaceChildren(...[
    !job.ended && button(s("continue"), () => start(job), { class: "primary" }),
    rows.length > 0 && button(s("saveFailed"), () => save([job.failures], "failed.ndjson", NDJSON)),
  ].filter(Boolean));
  actions.before(problem && !problem.canceled ? el("p", { class: "problem", role: "alert" }, problemText(problem)) : "");
  actions.after(rows.length > 0 ? columns(s("failed", { count: rows.length }), ["line", "name", "error"], rows) : "");
  actions.querySelector("button")?.focus();
}

function warn(event) {
  event.preventDefault();
}

function showExport({ current }) {
  const box = el("p");
  showScreen(s("export"), el("p", {}, s("exportText")),
    form({
      fields: [{ name: "hashes", label: s("hashes"), hint: s("hashesHint"), type: "checkbox" }],
      action: s("export"),
      submit: ({ hashes }) => exportUsers(hashes, box, current),
    }), box);
}

/** Receives the export, and offers it as a file after the last line. */
async function exportUsers(hashes, box, current) {
  const stop = new AbortController();
  const { signal } = stop;
  const count = el("span");
  let parts = [];
  let bytes = 0;
  let lines = 0;
  try {
    const response = await stream("GET", "user/export?hashes=" + hashes, { signal });
    box.replaceChildren(count, " ", button(s("stop"), () => stop.abort()));
    for await (const chunk of chunks(response)) {
      if (!current()) {
        stop.abort();
      }
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) {
        lines++;
      }
      count.textContent = s("exporting", { count: lines.toLocaleString(t.locale) });
      parts.push(chunk);
      bytes += chunk.length;
      if (bytes > BLOB_BYTES) {
        parts = [new Blob(parts)];
        bytes = 0;
      }
    }
  } catch (failed) {
    box.replaceChildren(signal.aborted ? s("exportStopped") : "");
    if (signal.aborted) {
      return;
    }
    throw failed;
  }
  save(parts, hashes ? "users-with-hashes.ndjson" : "users.ndjson", NDJSON);
  const result = s("exported", { count: lines.toLocaleString(t.locale) });
  box.replaceChildren(result);
  announce(result);
}
