// Adds to pages that already work without it. No library, no inline handlers, nothing stored.
(() => {
  "use strict";
  const page = document.documentElement;
  const all = (selector, scope = document) => [...scope.querySelectorAll(selector)];
  const REPEAT_MS = 10000, POLL_MS = 3000, POLLS = 40;

  page.classList.add("scripted");

  const problem = document.getElementById("problem");
  if (problem) problem.focus();

  if (matchMedia("(min-width: 56rem)").matches) all("[data-open-wide]").forEach((fold) => { fold.open = true; });

  // A second press within ten seconds is a double click, not a wish to pay twice. The server decides anyway.
  const release = () => all("form").forEach((form) => {
    delete form.dataset.sent;
    all("[aria-disabled]", form).forEach((button) => button.removeAttribute("aria-disabled"));
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    if (event.submitter) event.submitter.setAttribute("aria-disabled", "true");
    setTimeout(release, REPEAT_MS);
  });
  addEventListener("pageshow", release);

  all("form[data-total]").forEach((form) => {
    const output = form.querySelector("output");
    const currency = form.dataset.total;
    const update = () => {
      const ticked = all("[data-minor]:checked", form);
      const digits = Number(form.querySelector("[data-digits]").dataset.digits);
      const minor = ticked.reduce((sum, box) => sum + Number(box.dataset.minor), 0);
      output.value = new Intl.NumberFormat("en-US", {
        style: "currency", currency, minimumFractionDigits: digits, maximumFractionDigits: digits,
      }).format(minor / 10 ** digits);
    };
    form.addEventListener("change", update);
    addEventListener("pageshow", update);
  });

  const waiting = document.querySelector("[data-poll]");
  const poll = async (left) => {
    try {
      const answer = await fetch(waiting.dataset.poll, { headers: { Accept: "application/json" }, cache: "no-store" });
      const { next } = answer.ok ? await answer.json() : {};
      if (next) return location.replace(next);
    } catch { /* offline for a moment: the next poll asks again */ }
    if (left > 1) setTimeout(poll, POLL_MS, left - 1);
  };
  if (waiting) setTimeout(poll, POLL_MS, POLLS);

  all("[data-print]").forEach((button) => button.addEventListener("click", () => print()));
})();
