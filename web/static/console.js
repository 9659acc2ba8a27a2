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
      button.classList.toggle("second", !count);
    };
    boxes.forEach((box) => box.addEventListener("change", update));
    addEventListener("pageshow", update);
    update();
  });

  // A colour is shown as it is chosen; the button beside it does the same without script.
  all("[data-preview]").forEach((input) => {
    const shown = document.querySelector("[data-previewed]");
    let latest = 0;
    input.addEventListener("input", () => {
      clearTimeout(latest);
      latest = setTimeout(async () => {
        const answer = await fetch(`${input.dataset.preview}?colour=${encodeURIComponent(input.value)}`);
        if (!answer.ok) return;
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        shown.replaceChildren(...document.importNode(page.querySelector("[data-previewed]"), true).childNodes);
      }, 150);
    });
  });

  // Words are counted and shown as they are typed; "Check" does the same without script.
  all("[data-check]").forEach((form) => {
    let latest = 0;
    form.addEventListener("input", () => {
      clearTimeout(latest);
      const mine = latest = setTimeout(async () => {
        const answer = await fetch(form.dataset.check, { method: "POST", body: new URLSearchParams(new FormData(form)) });
        if (!answer.ok || mine !== latest) return;
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        all("[data-checked]").forEach((region) => {
          const now = page.querySelector(`[data-checked="${region.dataset.checked}"]`);
          if (now && now.innerHTML !== region.innerHTML && !region.contains(document.activeElement)) {
            region.replaceChildren(...document.importNode(now, true).childNodes);
          }
        });
        all("[data-check] [aria-describedby]").forEach((field) => {
          const typed = page.getElementById(field.id);
          if (typed.hasAttribute("aria-invalid")) field.setAttribute("aria-invalid", "true");
          else field.removeAttribute("aria-invalid");
        });
      }, 250);
    });
  });

  // What others do shows up by itself: regions are fetched again, and replaced only where they differ.
  const POLL_MS = 4000;
  const regions = all("[data-live]");
  const scrollToNewest = () => all("[data-newest]").forEach((list) => { list.scrollTop = list.scrollHeight; });
  const look = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html", "X-Background": "1" } });
      if (!answer.ok || answer.redirected) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      regions.forEach((region) => {
        const now = fresh.querySelector(`[data-live="${region.dataset.live}"]`);
        if (!now || now.innerHTML === region.innerHTML || region.contains(document.activeElement)) return;
        region.replaceChildren(...document.importNode(now, true).childNodes);
        if ("newest" in region.dataset) scrollToNewest();
      });
    } catch { /* offline for a moment: the next look shows it */ }
  };
  scrollToNewest();
  if (regions.length) setInterval(look, POLL_MS);
})();
