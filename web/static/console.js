// Adds to console pages that already work without it.
(() => {
  "use strict";
  const all = (selector, scope = document) => [...scope.querySelectorAll(selector)];

  // "Text a reminder to 3": the button counts what is ticked.
  all("[data-count-ticks]").forEach((button) => {
    const boxes = all(`input[type="checkbox"][form="${button.form.id}"]`);
    const update = () => {
      const count = boxes.filter((box) => box.checked).length;
      button.textContent = count ? `${button.dataset.countTicks} ${count}` : button.dataset.none;
      button.setAttribute("aria-disabled", String(!count));
    };
    boxes.forEach((box) => box.addEventListener("change", update));
    addEventListener("pageshow", update);
    update();
  });
})();
