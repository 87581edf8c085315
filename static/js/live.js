// Live parts: a swap never takes away what a person is doing, and a lost connection is said.
(() => {
  "use strict";

  const stale = () => document.getElementById("stale");
  let goodAt = new Date();

  // Held back: a live part that has the caret or focus, a text selection, or a panel opened by hand.
  function busy(part) {
    const active = document.activeElement;
    // A link or button with an id gets its focus back from htmx after the swap.
    const kept = active && active.id && active.matches("a, button");
    if (active && active !== document.body && !kept && part.contains(active)) return true;
    if (part.querySelector("details[open]:not([data-keep])")) return true;
    const selection = document.getSelection();
    return Boolean(selection && !selection.isCollapsed && part.contains(selection.anchorNode));
  }

  document.addEventListener("htmx:beforeRequest", (event) => {
    const part = event.detail.elt;
    if (part.matches("[data-live]") && document.hidden) event.preventDefault();
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    const part = event.detail.target;
    // What a person asked for (search, paging) is always shown; only the part's own poll waits.
    if (event.detail.requestConfig.elt !== part || !part.matches("[data-live]")) return;
    if (event.detail.xhr.status < 300) connected();
    if (busy(part)) {
      event.detail.shouldSwap = false;
      return;
    }
    remember(part);
  });

  // Scrolled boxes inside a part stay where they were.
  const scrolled = new Map();
  function remember(part) {
    scrolled.clear();
    for (const box of part.querySelectorAll("[data-scroll]")) scrolled.set(box.dataset.scroll, [box.scrollLeft, box.scrollTop]);
  }
  document.addEventListener("htmx:afterSwap", () => {
    for (const [name, [left, top]] of scrolled) {
      const box = document.querySelector(`[data-scroll="${CSS.escape(name)}"]`);
      if (box) box.scrollTo(left, top);
    }
    scrolled.clear();
  });

  function connected() {
    goodAt = new Date();
    if (stale()) stale().hidden = true;
    document.documentElement.classList.remove("stale-page");
  }

  function lost(event) {
    if (!event.detail.elt.matches("[data-live]") || !stale()) return;
    const since = stale().querySelector("[data-stale-since]");
    since.dateTime = goodAt.toISOString();
    since.textContent = goodAt.toLocaleTimeString(undefined, { hourCycle: "h23" });
    stale().hidden = false;
    document.documentElement.classList.add("stale-page");
  }

  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) document.addEventListener(name, lost);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    for (const part of document.querySelectorAll("[data-live][hx-trigger]")) htmx.trigger(part, "wake");
  });

  // A sentence for screen readers at most every 15 seconds, and at the end.
  let spokenAt = 0;
  let spoken = "";
  document.addEventListener("htmx:afterSwap", () => {
    const source = document.querySelector("[data-say]");
    const voice = document.getElementById("voice");
    if (!source || !voice || source.dataset.say === spoken) return;
    if (Date.now() - spokenAt < 15000 && source.dataset.sayNow === undefined) return;
    spokenAt = Date.now();
    spoken = source.dataset.say;
    voice.textContent = spoken;
  });
})();
