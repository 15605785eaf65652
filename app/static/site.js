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
