// Matching columns: only those to look at, and a word at once when two columns choose one field.
// The server says all of it again; the form works without this.
(() => {
  "use strict";

  const form = document.querySelector("form[data-mapping]");
  if (!form) return;
  const table = form.querySelector(".map-table");

  const only = form.querySelector("[data-only]");
  if (only) {
    only.hidden = false;
    only.querySelector("input").addEventListener("change", (event) => table.classList.toggle("only-look", event.target.checked));
  }

  const picks = [...table.querySelectorAll("[name^='field-']")];
  function doubled() {
    const seen = new Map();
    for (const pick of picks) {
      const first = pick.value && seen.get(pick.value);
      if (pick.value && !first) seen.set(pick.value, pick);
      pick.setCustomValidity(first ? `“${document.getElementById(first.getAttribute("aria-labelledby")).textContent}” fills this field already.` : "");
    }
  }
  table.addEventListener("change", doubled);
  doubled();
})();
