// Draws a chart from the table beside it, which has the same values for those who cannot see it.
(() => {
  "use strict";

  const HUES = [1, 2, 3, 4, 5, 6, 7, 8].map((number) => `--chart-${number}`);
  const MOST_POINTS = 200;
  const charts = new Map();

  // Custom properties hold light-dark(), which only a real property resolves.
  function colours(names) {
    const probe = document.createElement("span");
    document.body.append(probe);
    const found = names.map((name) => {
      probe.style.color = `var(${name})`;
      return getComputedStyle(probe).color;
    });
    probe.remove();
    return found;
  }

  function columnsOf(table) {
    return [...table.tHead.rows[0].cells].map((cell) => ({ name: cell.dataset.name, words: cell.textContent.trim() }));
  }

  function read(canvas) {
    const table = document.getElementById(canvas.dataset.table);
    const columns = columnsOf(table);
    const place = (name) => columns.findIndex((column) => column.name === name);
    const rows = [...table.tBodies[0].rows].slice(0, MOST_POINTS);
    const number = (cell) => (cell.dataset.value === "" ? null : Number(cell.dataset.value));
    const series = JSON.parse(canvas.dataset.y).map((name) => ({
      label: columns[place(name)].words,
      data: rows.map((row) => number(row.cells[place(name)])),
    }));
    return { labels: rows.map((row) => row.cells[place(canvas.dataset.x)].textContent.trim()), series };
  }

  function options(kind, ink, line) {
    const stacked = kind === "stacked";
    const scale = { stacked, ticks: { color: ink }, grid: { color: line } };
    return {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      plugins: { legend: { labels: { color: ink, boxWidth: 12 } } },
      scales: { x: { ...scale, grid: { display: false } }, y: { ...scale, beginAtZero: kind !== "line" } },
    };
  }

  function draw(canvas) {
    charts.get(canvas)?.destroy();
    const kind = canvas.dataset.chart;
    const { labels, series } = read(canvas);
    const [ink, line, ...hues] = colours(["--ink-2", "--line", ...HUES]);
    window.Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    const datasets = series.map((one, place) => {
      const hue = hues[place % hues.length];
      return { ...one, borderColor: hue, backgroundColor: hue, borderWidth: kind === "line" ? 2 : 0, pointRadius: 2 };
    });
    const type = kind === "line" ? "line" : "bar";
    charts.set(canvas, new window.Chart(canvas, { type, data: { labels, datasets }, options: options(kind, ink, line) }));
    canvas.dataset.drawn = String(series.length);
  }

  function drawAll() {
    if (!window.Chart) return;
    for (const canvas of charts.keys()) {
      if (canvas.isConnected) continue;
      charts.get(canvas).destroy();
      charts.delete(canvas);
    }
    for (const canvas of document.querySelectorAll("canvas[data-chart]:not([data-drawn])")) draw(canvas);
  }

  document.addEventListener("DOMContentLoaded", drawAll);
  document.addEventListener("htmx:load", drawAll);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => [...charts.keys()].forEach(draw));
})();
