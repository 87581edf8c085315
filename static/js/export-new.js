// Columns of an export are moved in the page itself, and a value is asked for anew only when another
// operator needs another control. Without this file the server does both.
(() => {
  "use strict";

  const places = (list) => [...list.children];

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-columns] [data-move]");
    if (!button) return;
    event.preventDefault();
    const item = button.closest("li");
    const list = item.parentElement;
    const up = button.dataset.move === "-1";
    const other = up ? item.previousElementSibling : item.nextElementSibling;
    if (other) list.insertBefore(up ? item : other, up ? other : item);
    button.focus();
    say(list, item);
  });

  function say(list, item) {
    const name = item.querySelector("label span").textContent;
    const voice = list.parentElement.querySelector("[data-moved]");
    voice.textContent = `${name}: place ${places(list).indexOf(item) + 1} of ${places(list).length}`;
  }

  document.addEventListener("change", (event) => {
    const operator = event.target.closest("select[data-control]");
    if (operator && operator.selectedOptions[0].dataset.control !== operator.dataset.control) htmx.trigger(operator, "control");
  });

  document.addEventListener("change", (event) => {
    const list = event.target.closest("[data-columns]");
    if (!list) return;
    const boxes = [...list.querySelectorAll("[name=column]")];
    const count = list.parentElement.querySelector("[data-chosen-count]");
    count.textContent = `${boxes.filter((box) => box.checked).length} of ${boxes.length}`;
  });
})();
