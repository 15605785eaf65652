// What pages do besides, where there is script. Without it, everything still works.
"use strict";
(() => {
  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    element.className = className;
    element.textContent = text;
    return element;
  };

  const button = (className, text, act) => {
    const element = make("button", className, text);
    element.type = "button";
    element.addEventListener("click", act);
    return element;
  };

  // Flashes can be put away.
  for (const flash of document.querySelectorAll("[data-flash]")) {
    const close = button("flash-close", "×", () => {
      const next = flash.nextElementSibling?.querySelector(".flash-close") ?? document.getElementById("main");
      flash.remove();
      next.focus();
    });
    close.setAttribute("aria-label", "Dismiss this message");
    flash.append(close);
  }

  // What stands in the page, or comes into it, is made ready: moments are in
  // words, and a table that is wider than its place can be scrolled by keyboard.
  const tables = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const wide = target.scrollWidth > target.clientWidth;
      for (const [name, value] of [["tabindex", "0"], ["role", "group"], ["aria-label", "Table"]])
        wide ? target.setAttribute(name, value) : target.removeAttribute(name);
    }
  });
  const refresh = (element) => {
    for (const box of element.querySelectorAll(".prose div")) tables.observe(box);
    window.flask_moment_render_all?.();
  };
  refresh(document);

  // A moment is typed as the clock here shows it.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const field of document.querySelectorAll("select[data-own-zone]"))
    if ([...field.options].some((option) => option.value === zone)) field.value = zone;

  // What went wrong is read first.
  document.querySelector(".error-summary")?.focus();

  // A password can be looked at; it is covered again before it leaves.
  for (const field of document.querySelectorAll(".input-group > input[type=password]")) {
    const label = field.labels[0]?.firstChild.textContent.trim() ?? "password";
    const toggle = button("btn btn-secondary password-toggle", "Show", () => show(field.type === "password"));
    const show = (visible) => {
      field.type = visible ? "text" : "password";
      toggle.textContent = visible ? "Hide" : "Show";
      toggle.append(make("span", "visually-hidden", ` ${label}`));
    };
    show(false);
    field.after(toggle);
    field.autocapitalize = "none";
    field.spellcheck = false;
    field.form?.addEventListener("submit", () => show(false));
  }

  // A file that is too large is refused before it is sent.
  for (const field of document.querySelectorAll("input[type=file][data-largest]")) {
    const megabytes = (bytes) => `${(bytes / 1024 ** 2).toFixed(bytes < 10 * 1024 ** 2 ? 1 : 0)} MB`;
    field.addEventListener("change", () => {
      const [file] = field.files, most = Number(field.dataset.largest);
      const words = `This file is ${megabytes(file?.size)}. The limit is ${most / 1024 ** 2} MB.`;
      field.setCustomValidity(file?.size > most ? words : "");
      field.reportValidity();
    });
  }

  // A new password is judged while it is typed.
  for (const field of document.querySelectorAll("input[data-strength]")) {
    const line = document.getElementById(`${field.id}-strength`);
    let timer, asked;

    const clear = () => {
      line.textContent = "";
      delete line.dataset.score;
    };

    const ask = async () => {
      asked?.abort();
      if (!field.value) return clear();
      asked = new AbortController();
      const about = new URLSearchParams({ password: field.value });
      for (const name of ["username", "email", "first_name", "last_name"]) {
        const other = field.form.elements[name];
        if (other) about.set(name, other.value);
      }
      try {
        const answer = await fetch(field.dataset.strength, {
          method: "POST",
          headers: { Accept: "application/json", "X-CSRFToken": field.form.elements.csrf_token.value },
          body: about,
          signal: asked.signal,
        });
        if (!answer.ok) return clear();
        const { words, score, accepted } = await answer.json();
        line.dataset.score = accepted ? Math.max(score, 3) : Math.min(score, 2);
        if (line.textContent !== words) line.textContent = words;
      } catch (error) {
        if (error.name !== "AbortError") clear();
      }
    };

    field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(ask, 400);
    });
  }

  // An open menu closes by Escape, by a click elsewhere, and when the focus leaves it.
  const menus = () => document.querySelectorAll("details.menu[open]");

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of menus()) {
      menu.open = false;
      if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    }
  });
  for (const kind of ["click", "focusin"]) {
    document.addEventListener(kind, (event) => {
      for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
    });
  }

  // All boxes of a table are ticked by one.
  for (const table of document.querySelectorAll("table[data-choose]")) {
    const boxes = [...table.querySelectorAll("tbody input[type=checkbox]")];
    const all = make("input", "form-check-input", "");
    all.type = "checkbox";
    const label = make("label", "", "");
    label.append(all, make("span", "visually-hidden", "Select all on this page"));
    const agree = () => {
      all.checked = boxes.every((box) => box.checked);
      all.indeterminate = !all.checked && boxes.some((box) => box.checked);
    };
    all.addEventListener("change", () => {
      for (const box of boxes) box.checked = all.checked;
    });
    table.addEventListener("change", agree);
    if (boxes.length) table.querySelector("thead th").replaceChildren(label);
    agree();
  }

  // What a button with data-in-place changes is fetched, and only that part of the page is replaced.
  const announcer = document.getElementById("announcer");
  const announce = (words, visibly = false) => {
    announcer.textContent = words;
    announcer.classList.toggle("visually-hidden", !visibly);
  };

  class Unreachable extends Error {}
  const UNREACHABLE = "Can’t reach the site. Nothing was sent. Check your connection, then try again.";

  const fetchPage = async (url, options) => {
    const answer = await fetch(url, { headers: { Accept: "text/html" }, ...options }).catch(() => {
      throw new Unreachable();
    });
    if (!answer.ok) throw new Error(answer.status);
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  };

  const replace = (selector, page) => {
    const [old, fresh] = [document.querySelector(selector), page.querySelector(selector)];
    if (!fresh) throw new Error(selector);
    const place = [...old.querySelectorAll("a, button")].indexOf(document.activeElement);
    old.replaceWith(fresh);
    if (place >= 0) fresh.querySelectorAll("a, button")[place]?.focus();
    refresh(fresh);
  };

  document.addEventListener("submit", async (event) => {
    const pressed = event.submitter, selector = pressed?.dataset.inPlace;
    if (!selector) return;
    event.preventDefault();
    if (pressed.disabled) return;
    const body = new URLSearchParams(new FormData(event.target, pressed));
    if (pressed.dataset.from) body.set("next", pressed.dataset.from);
    pressed.setAttribute("aria-busy", "true");
    try {
      const page = await fetchPage(pressed.hasAttribute("formaction") ? pressed.formAction : event.target.action, { method: "POST", body });
      if (page.querySelector(".error-summary")) throw new Error();
      const [first, ...others] = selector.split(" ");
      replace(first, page);
      for (const other of others) if (document.querySelector(other)) replace(other, page);
      const bell = page.querySelector(".bell");
      if (bell) document.querySelector(".bell")?.replaceWith(bell);
      announce(page.querySelector("[data-flash] p")?.textContent ?? pressed.dataset.done ?? "Done.");
    } catch (error) {
      if (error instanceof Unreachable) return announce(UNREACHABLE, true);
      delete pressed.dataset.inPlace; // the plain way, with its own words for what is wrong
      event.target.requestSubmit(pressed);
    } finally {
      pressed.removeAttribute("aria-busy");
    }
  });

  // A comment is quoted in the form as it is, behind what was typed already.
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-quote]");
    const field = link && document.querySelector(`${link.dataset.quote} textarea`);
    if (!field || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    try {
      const page = await fetchPage(link.href);
      const text = page.querySelector(`${link.dataset.quote} textarea`).value;
      field.value = field.value.trim() ? `${field.value.trimEnd()}\n\n${text}` : text;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.focus();
      field.setSelectionRange(field.value.length, field.value.length);
      announce("Quote added to your comment.");
    } catch (error) {
      if (error instanceof Unreachable) announce(UNREACHABLE, true);
      else location.href = link.href;
    }
  });

  // How much room is left is said where it becomes scarce.
  for (const field of document.querySelectorAll("textarea[data-longest]")) {
    const line = make("p", "left", "");
    field.after(line);
    const count = () => {
      const left = field.dataset.longest - [...field.value.trim()].length;
      line.hidden = left > 1000;
      line.toggleAttribute("data-over", left < 0);
      line.textContent = left < 0 ? `${-left} characters too many` : `${left} characters left`;
    };
    field.addEventListener("input", count);
    count();
  }

  // The next page of a list joins the one that is here. The history entry keeps how many joined and
  // where the reader was, so Back and Reload lead to the same place. A very long list goes on elsewhere.
  const MOST_JOINED = 20;
  const itemsOf = (pager, page) => [...page.querySelector(pager.dataset.more).children];
  const nextOf = (pager) => pager.querySelector("a[rel=next]");

  const join = async (pager) => {
    const link = nextOf(pager), page = await fetchPage(link.href);
    const items = itemsOf(pager, page);
    document.querySelector(pager.dataset.more).append(...items);
    const next = page.querySelector(`#${pager.id} a[rel=next]`);
    next ? link.replaceWith(next) : link.remove();
    items.forEach(refresh);
    return items;
  };

  const joined = () => history.state?.joined ?? {};

  const remember = (changed = {}) => {
    const lists = { ...joined(), ...changed };
    if (!Object.keys(lists).length) return;
    history.scrollRestoration = "manual";
    const items = [...document.querySelectorAll("[data-more]")].flatMap((pager) => itemsOf(pager, document));
    const first = items.find((item) => item.id && item.getBoundingClientRect().bottom > 0);
    const place = { y: scrollY, id: first?.id, top: first?.getBoundingClientRect().top };
    history.replaceState({ ...history.state, joined: lists, place }, "");
  };

  const restore = async ({ joined, place }) => {
    let moved = false;
    for (const kind of ["wheel", "touchstart", "keydown", "pointerdown"])
      addEventListener(kind, () => { moved = true; }, { once: true, passive: true });
    for (const [id, count] of Object.entries(joined)) {
      const pager = document.getElementById(id);
      for (let n = 0; n < count && pager && nextOf(pager); n++) await join(pager);
    }
    if (moved) return;
    const item = document.getElementById(place.id);
    scrollTo({ top: item ? scrollY + item.getBoundingClientRect().top - place.top : place.y, behavior: "instant" });
  };

  document.addEventListener("click", async (event) => {
    if (event.target.closest("a")) remember();
    const link = event.target.closest("[data-more] a[rel=next]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const pager = link.closest("[data-more]"), count = (joined()[pager.id] ?? 0) + 1;
    if (count > MOST_JOINED) return;
    event.preventDefault();
    try {
      const items = await join(pager);
      items[0].tabIndex = -1;
      items[0].focus();
      remember({ [pager.id]: count });
      announce(items.length === 1 ? "One more loaded." : `${items.length} more loaded.`);
    } catch (error) {
      if (error instanceof Unreachable) announce(UNREACHABLE, true);
      else location.href = link.href;
    }
  });

  let scrolled;
  addEventListener("scroll", () => {
    clearTimeout(scrolled);
    scrolled = setTimeout(remember, 300);
  }, { passive: true });

  if (history.state?.joined) {
    history.scrollRestoration = "manual";
    restore(history.state).catch(() => {}); // the way to what is older is still there
  }

  // Keys of the pages that list theirs. What has a `data-key` is pressed or chosen: of a list, in
  // the row where the reader is. While somebody types, keys are letters.
  const keys = document.querySelector("[data-keys]");
  const typing = "input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]";

  const goTo = (step) => {
    const rows = [...document.querySelectorAll("[data-row]")];
    const here = rows.findIndex((row) => row.contains(document.activeElement));
    const next = here < 0 ? rows[0] : rows[here + step];
    next?.querySelector("a").focus();
    return Boolean(next);
  };

  const press = (key) => {
    const row = document.activeElement.closest("[data-row]");
    if (!row && document.querySelector("[data-row]")) return false;
    const wanted = (row ?? document).querySelector(`[data-key="${CSS.escape(key)}"]`);
    wanted?.focus();
    wanted?.click();
    return Boolean(wanted);
  };

  const showKeys = () => {
    keys.open = !keys.open;
    if (keys.open) keys.querySelector("summary").focus();
    return true;
  };

  document.addEventListener("keydown", (event) => {
    if (!keys || event.ctrlKey || event.metaKey || event.altKey || event.target.closest(typing)) return;
    const acts = { j: () => goTo(1), k: () => goTo(-1), "?": showKeys };
    const act = acts[event.key] ?? (() => press(event.key));
    if (event.key.length === 1 && act()) event.preventDefault();
  });

  // A reason that nobody has touched is that of the ruling that is chosen.
  for (const choices of document.querySelectorAll("form:has([data-reason])")) {
    const field = choices.elements.reason;
    const given = [...choices.querySelectorAll("[data-reason]")].map((choice) => choice.dataset.reason);
    choices.addEventListener("change", ({ target }) => {
      const { reason } = target.dataset;
      if (reason !== undefined && given.includes(field.value.trim())) field.value = reason;
    });
  }

  // What goes on in the background is looked at again, until it is done.
  const POLL = 3000;

  const lookAgain = async () => {
    const region = document.querySelector("[data-poll]");
    if (!region) return;
    if (document.hidden) return setTimeout(lookAgain, POLL);
    try {
      const page = await fetchPage(location.href), fresh = page.getElementById(region.id);
      if (!fresh || (region.dataset.poll && !fresh.dataset.poll)) return location.reload();
      if (!region.contains(document.activeElement)) replace(`#${region.id}`, page);
    } catch { /* away for a moment */ }
    setTimeout(lookAgain, POLL);
  };
  setTimeout(lookAgain, POLL);

  // Whoever has to sign in first has not sent anything yet, see drafts.js.
  try {
    if (!document.body.dataset.user) sessionStorage.removeItem("sent draft");
  } catch { /* the reader blocks it */ }

  // A form that cannot be sent stays as it is. Only the absence of any network can be known before.
  let isReachable = false;
  document.addEventListener("submit", async (event) => {
    if (navigator.onLine || isReachable || event.defaultPrevented || event.target.method !== "post") return;
    event.preventDefault();
    try {
      await fetch(document.querySelector("link[rel=icon]").href, { method: "HEAD", cache: "no-store" });
      isReachable = true;
      event.target.requestSubmit(event.submitter);
    } catch {
      announce(UNREACHABLE, true);
    } finally {
      isReachable = false;
    }
  });

  // A form is sent once. The button rests until the answer is here, or the reader comes back.
  const rest = (element, resting) => {
    element.disabled = resting;
    element.toggleAttribute("data-resting", resting);
  };

  document.addEventListener("submit", (event) => {
    const pressed = event.submitter;
    if (event.defaultPrevented || !pressed) return;
    setTimeout(() => rest(pressed, true)); // after the browser has read the form
    setTimeout(() => rest(pressed, false), 8000);
  });
  window.addEventListener("pageshow", () => {
    for (const element of document.querySelectorAll("[data-resting]")) rest(element, false);
  });
})();
