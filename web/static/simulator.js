// Keeps the simulator up to date without a reload. The page works without it: plain links and forms.
(() => {
  "use strict";
  const POLL_MS = 1500, NEAR_PX = 60;
  const all = (selector, scope = document) => [...scope.querySelectorAll(selector)];
  const seen = new Map();
  let busy = false;

  const scrollToNewest = () => all("[data-newest]").forEach((list) => { list.scrollTop = list.scrollHeight; });
  const isNear = (list) => list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_PX;

  // Replaces only what differs, so that nothing flickers; open folds, the focus and the place in a list stay.
  const swap = (region, fresh) => {
    if (seen.get(region.dataset.live) === fresh.innerHTML) return;
    seen.set(region.dataset.live, fresh.innerHTML);
    const follow = "newest" in region.dataset && isNear(region);
    const open = all("details[open]", region).map((fold) => fold.dataset.key);
    const focused = region.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const tops = all(".mails", region).map((list) => list.scrollTop);
    region.replaceChildren(...document.importNode(fresh, true).childNodes);
    all("details", region).forEach((fold) => { fold.open = open.includes(fold.dataset.key); });
    all(".mails", region).forEach((list, at) => { list.scrollTop = tops[at] || 0; });
    const back = focused && all("[data-key]", region).find((one) => one.dataset.key === focused);
    if (back) back.focus({ preventScroll: true });
    if (follow) region.scrollTop = region.scrollHeight;
  };

  const show = (html, withNotices) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    // A form's answer knows nothing of the mail that was picked; the next look does.
    const picked = withNotices && location.search ? ":not([data-live=mail])" : "";
    all(`[data-live]${picked}`).forEach((region) => {
      const fresh = page.querySelector(`[data-live="${region.dataset.live}"]`);
      if (fresh) swap(region, fresh);
    });
    const notices = document.querySelector("[data-notices]"), said = page.querySelector("[data-notices]");
    if (withNotices && notices && said) notices.replaceChildren(...document.importNode(said, true).childNodes);
  };

  const poll = async () => {
    if (busy || document.hidden) return;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.ok && !busy) show(await answer.text(), false);
    } catch { /* the demo has stopped, or is starting again */ }
  };

  const send = async (form, submitter) => {
    if (busy) return;
    busy = true;
    document.body.classList.add("busy");
    const fields = new URLSearchParams(new FormData(form, submitter));
    const typed = form.hasAttribute("data-reset") ? form.elements.body : null;
    if (typed) typed.value = "";
    scrollToNewest();
    try {
      const answer = await fetch(form.action, { method: "POST", body: fields });
      if (!answer.ok) throw new Error(answer.status);
      show(await answer.text(), true);
      scrollToNewest();
    } catch {
      location.assign(location.href);
    } finally {
      busy = false;
      document.body.classList.remove("busy");
    }
  };

  document.addEventListener("submit", (event) => {
    if (!event.target.hasAttribute("data-quiet")) return;
    event.preventDefault();
    send(event.target, event.submitter);
  });

  all("[data-live]").forEach((region) => seen.set(region.dataset.live, region.innerHTML));
  scrollToNewest();
  if (document.querySelector("[data-live]")) setInterval(poll, POLL_MS);
})();
