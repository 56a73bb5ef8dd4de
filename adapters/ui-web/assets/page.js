// Makes pages live, and lets them ask in a dialog. Without it everything works by links, forms and reloads.
"use strict";

(() => {
  const state = document.querySelector("[data-live-state]");
  const news = document.querySelector("[data-live-news]");
  const served = new WeakMap();
  const PATIENCE = 10000;
  let pending = 0;
  let refreshing = false;
  let again = false;

  // What is live

  const regions = (root) => [...root.querySelectorAll("[data-live][id]")];
  const isLive = () => regions(document).length > 0;
  const isBusy = () => document.querySelector("[data-busy]") !== null;
  const headlines = (root) => [...root.querySelectorAll("[data-news]")].map((it) => it.dataset.news).join(". ");

  async function fetchPage(address) {
    const answer = await fetch(address, { headers: { accept: "text/html" }, cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    if (answer.redirected && new URL(answer.url).pathname === "/sign-in") {
      location.reload();
      throw new Error("signed out");
    }
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  }

  // Fetches the page anew and takes over what changed, one request at a time.
  async function refresh() {
    if (refreshing) {
      again = true;
      return;
    }
    refreshing = true;
    try {
      const page = await fetchPage(location.href);
      const before = headlines(document);
      regions(document).forEach((region) => takeOver(region, page.getElementById(region.id)));
      const after = headlines(document);
      if (news && after && after !== before) news.textContent = after;
    } catch {
      lose();
    } finally {
      refreshing = false;
      if (again) {
        again = false;
        soon(250);
      }
    }
  }

  function takeOver(region, fresh) {
    if (!fresh) return;
    region.toggleAttribute("data-busy", fresh.hasAttribute("data-busy"));
    const content = fresh.innerHTML;
    if (served.get(region) === content) return;
    served.set(region, content);
    // Nothing is taken from under somebody who writes.
    const active = document.activeElement;
    if (region.contains(active) && active.matches("input, select, textarea")) return;
    const open = [...region.querySelectorAll("details[open][id]")].map((it) => it.id);
    const focus = region.contains(active) ? active.getAttribute("href") : null;
    const scroll = [...region.querySelectorAll(".scroll")].map((it) => it.scrollLeft);
    region.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
    open.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
    region.querySelectorAll(".scroll").forEach((it, index) => (it.scrollLeft = scroll[index] ?? 0));
    if (focus) region.querySelector(`a[href="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
    localise(region);
  }

  function soon(milliseconds) {
    clearTimeout(pending);
    pending = setTimeout(refresh, milliseconds);
  }

  function say(word, isOn) {
    if (!state) return;
    state.hidden = false;
    state.textContent = word;
    state.classList.toggle("on", isOn);
  }

  // Only while somebody looks: a browser has few connections to one host, and a tab for each watch would take them all.
  let source = null;

  function follow() {
    if (source || document.hidden) return;
    source = new EventSource("/live");
    source.addEventListener("open", () => {
      say("Live", true);
      soon(0);
    });
    source.addEventListener("change", () => soon(150));
    source.addEventListener("error", () => {
      say("Connecting…", false);
      // A browser gives up for good where the answer was no stream.
      if (source?.readyState !== EventSource.CLOSED) return;
      source = null;
      setTimeout(follow, 15000);
    });
  }

  // Nothing comes through a stream whose network is gone, and a browser need not notice.
  function lose() {
    rest();
    say("Connecting…", false);
    setTimeout(follow, 2000);
  }

  function rest() {
    source?.close();
    source = null;
  }

  // Times, by the clock of whoever looks

  const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
  const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeStyle: "long" });

  function localise(root) {
    root.querySelectorAll("time[datetime]").forEach((it) => {
      const at = new Date(it.dateTime);
      if (Number.isNaN(at.valueOf())) return;
      it.title = exact.format(at);
      if ("clock" in it.dataset) {
        const isToday = at.toDateString() === new Date().toDateString();
        it.textContent = (isToday ? clock : day).format(at);
      }
    });
  }

  // Asking in a dialog

  let dialog = null;

  async function ask(address) {
    let question;
    try {
      question = (await fetchPage(address)).querySelector("main > .panel");
    } catch {
      question = null;
    }
    if (!question || typeof HTMLDialogElement === "undefined") {
      location.assign(address);
      return;
    }
    dialog?.remove();
    dialog = document.createElement("dialog");
    const content = document.importNode(question, true);
    const title = content.querySelector("h1");
    title.id = "asked";
    dialog.setAttribute("aria-labelledby", "asked");
    dialog.append(content);
    document.body.append(dialog);
    dialog.addEventListener("close", () => dialog.remove());
    dialog.showModal();
    localise(dialog);
  }

  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const link = event.target.closest?.("a");
    if (!link) {
      if (event.target === dialog) dialog.close();
      return;
    }
    if (dialog?.open && link.hasAttribute("data-close")) {
      event.preventDefault();
      dialog.close();
    } else if (link.hasAttribute("data-ask")) {
      event.preventDefault();
      ask(link.href);
    }
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.hasAttribute("data-ask")) {
      event.preventDefault();
      const action = event.submitter?.getAttribute("formaction") ?? form.action;
      const address = new URL(action, location.href);
      address.search = new URLSearchParams(new FormData(form)).toString();
      ask(address.href);
    } else if (form.method === "post") {
      if (form.dataset.sent) {
        event.preventDefault();
        return;
      }
      form.dataset.sent = "1";
      // After the browser has taken the form: a disabled button is not part of it.
      setTimeout(() => form.querySelectorAll("button").forEach((it) => (it.disabled = true)));
    }
  });

  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    document.querySelectorAll("form[data-sent]").forEach((form) => {
      delete form.dataset.sent;
      form.querySelectorAll("button").forEach((it) => (it.disabled = false));
    });
    location.reload();
  });

  // Searching while somebody writes; the address says what is looked for

  const search = document.querySelector("form[data-search]");
  search?.addEventListener("input", () => {
    const fields = [...new FormData(search)].filter(([, value]) => value !== "");
    const query = new URLSearchParams(fields).toString();
    history.replaceState(null, "", query ? `?${query}` : location.pathname);
    soon(200);
  });

  // What was done is told once: not again when the page is loaded anew.
  const address = new URL(location.href);
  if (address.searchParams.has("did")) {
    address.searchParams.delete("did");
    history.replaceState(null, "", address);
  }

  localise(document);
  if (isLive()) {
    follow();
    let beat = 0;
    // That something is held is no event, so the stream does not tell it.
    setInterval(() => {
      beat += 1;
      if (!document.hidden && (isBusy() || beat % 3 === 0)) refresh();
    }, 2000);
    document.addEventListener("visibilitychange", () => (document.hidden ? rest() : follow()));
    addEventListener("offline", lose);
    addEventListener("online", follow);
    addEventListener("pagehide", rest);
  }
})();
