// New import: drop a file, see what the chosen type needs, watch the upload. The form works without this.
(() => {
  "use strict";

  const form = document.querySelector("form[data-upload]");
  if (!form) return;
  const drop = form.querySelector(".drop");
  const input = drop.querySelector("input[type=file]");
  const chosen = form.querySelector("[data-chosen]");
  const problem = form.querySelector("[data-problem]");
  const meter = form.querySelector("[data-meter]");
  const bar = meter.querySelector("progress");
  const acts = form.querySelector("[data-acts]");
  const button = acts.querySelector("button[type=submit]");
  const pasted = form.querySelector("textarea[name=rows]");
  const limit = Number(form.dataset.limit);
  let request = null;

  const units = ["bytes", "KB", "MB", "GB"];
  function size(bytes) {
    const power = bytes < 1000 ? 0 : Math.min(3, Math.floor(Math.log10(bytes) / 3));
    return `${(bytes / 1000 ** power).toFixed(power ? 1 : 0)} ${units[power]}`;
  }

  function say(text) {
    problem.querySelector("[data-text]").textContent = text;
    problem.hidden = !text;
    drop.classList.toggle("is-bad", Boolean(text));
  }

  function fileProblem(file) {
    if (!file) return pasted.value.trim() ? "" : "Choose a file first, or paste rows.";
    if (file.size === 0) return `“${file.name}” is empty. Choose a file with a header line and at least one row.`;
    if (limit && file.size > limit) return `“${file.name}” has ${size(file.size)}; up to ${size(limit)} are allowed. Split it into parts, each with the header line.`;
    return "";
  }

  function show() {
    const file = input.files[0];
    chosen.textContent = file ? `${file.name} · ${size(file.size)}` : "";
    chosen.hidden = !file;
    say(file ? fileProblem(file) : "");
  }

  input.addEventListener("change", show);
  for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, () => drop.classList.add("is-over"));
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("is-over"));
  // A file dropped beside the box must not make the browser leave the page.
  for (const name of ["dragover", "drop"]) {
    window.addEventListener(name, (event) => { if (!drop.contains(event.target)) event.preventDefault(); });
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = fileProblem(input.files[0]);
    if (text) { say(text); input.focus(); return; }
    send(event.submitter);
  });
  form.querySelector("[data-stop]").addEventListener("click", () => request?.abort());

  function send(submitter) {
    request = new XMLHttpRequest();
    const startedAt = Date.now();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-Upload", "1");
    request.upload.addEventListener("progress", (event) => {
      if (!event.lengthComputable) return;
      const speed = event.loaded / Math.max(0.25, (Date.now() - startedAt) / 1000);
      const done = event.loaded === event.total;
      bar.max = event.total;
      bar.value = event.loaded;
      meter.querySelector("[data-done]").textContent = `${size(event.loaded)} of ${size(event.total)}`;
      meter.querySelector("[data-speed]").textContent = done ? "Stored, it is being looked at" : `${size(speed)}/s`;
    });
    request.addEventListener("load", finished);
    request.addEventListener("error", () => failed("The connection was lost. Nothing was imported. Check it and start again."));
    request.addEventListener("abort", () => failed(""));
    busy(true);
    request.send(new FormData(form, submitter));
  }

  function finished() {
    const answer = parse(request.responseText);
    if (request.status < 300 && answer?.location) { window.onbeforeunload = null; window.location.assign(answer.location); return; }
    if (request.status === 413) { failed(`The file is larger than ${size(limit)}. Nothing was kept. Split it into parts, each with the header line.`); return; }
    failed(answer?.message || "The server could not take the file. Nothing was imported. Try again in a moment.");
  }

  function parse(text) {
    try { return JSON.parse(text); } catch { return null; }
  }

  function failed(text) {
    busy(false);
    say(text);
    (text ? input : button).focus();
  }

  function busy(on) {
    meter.hidden = !on;
    acts.hidden = on;
    bar.removeAttribute("value");
    window.onbeforeunload = on ? (event) => event.preventDefault() : null;
    if (on) say("");
  }

  const type = form.querySelector("select[data-type]");
  function needs() {
    for (const panel of document.querySelectorAll("[data-needs]")) panel.hidden = panel.dataset.needs !== type.value;
    for (const panel of form.querySelectorAll("[data-needs-not]")) panel.hidden = panel.dataset.needsNot.split(" ").includes(type.value);
  }
  type.addEventListener("change", needs);
  needs();
  show();
})();
