// Keeps what a member types into a form with `data-draft` in this browser until the form is sent.
// A draft belongs to a person and to the address that its form goes to. It holds `texts` and what
// the fields said before, `base`; signing out, another person's signing in, or time removes it.
"use strict";
(() => {
  const LIFETIME = 30 * 24 * 3600 * 1000; // milliseconds
  const ALL = "draft:", MINE = `${ALL}${document.body.dataset.user}:`, SENT = "sent draft";

  const storage = (name) => {
    try {
      return window[name];
    } catch {
      return null; // the reader blocks it
    }
  };
  const drafts = storage("localStorage"), tab = storage("sessionStorage");

  const read = (key) => {
    try {
      return JSON.parse(drafts.getItem(key));
    } catch {
      return null;
    }
  };
  const write = (key, draft) => {
    try {
      drafts.setItem(key, JSON.stringify(draft));
      return true;
    } catch {
      return false; // blocked, or full
    }
  };
  const forget = (key) => drafts?.removeItem(key);
  const forgetAll = (prefix, unless = () => false) => {
    for (const key of Object.keys(drafts ?? {}))
      if (key.startsWith(prefix) && !unless(key)) forget(key);
  };
  forgetAll(ALL, (key) => key.startsWith(MINE) && read(key)?.saved > Date.now() - LIFETIME);

  const keyOf = (form) => MINE + new URL(form.action).pathname;
  const fieldsOf = (form) => [...form.querySelectorAll("textarea")];
  const given = (form) => Object.fromEntries(fieldsOf(form).map((field) => [field.name, field.defaultValue]));
  const typed = (form) => Object.fromEntries(fieldsOf(form).map((field) => [field.name, field.value]));
  const agree = (one, other) => Object.keys(one).every((name) => one[name].trim() === other[name]?.trim());
  const put = (form, texts) => {
    for (const field of fieldsOf(form)) {
      field.value = texts[field.name] ?? field.value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  };

  // A form that arrived is answered by a redirect. Whatever else comes next, the draft stays.
  const settle = (forms) => {
    const key = tab?.getItem(SENT);
    tab?.removeItem(SENT);
    const draft = key && read(key);
    if (!draft || document.querySelector("main[data-error]")) return;
    const [visit] = performance.getEntriesByType("navigation");
    const isAnswer = visit?.type === "navigate" && visit.redirectCount > 0;
    const isBack = forms.some((form) => keyOf(form) === key && agree(draft.texts, given(form)));
    if (isAnswer && !isBack) forget(key);
  };

  const note = (form, words, choices) => {
    const line = document.createElement("p");
    line.className = "draft-note";
    line.setAttribute("role", "status");
    line.append(`${words} `);
    for (const [label, act] of Object.entries(choices)) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "quiet";
      button.textContent = label;
      button.addEventListener("click", () => {
        line.remove();
        act();
        fieldsOf(form)[0].focus();
      });
      line.append(button, " ");
    }
    fieldsOf(form)[0].after(line);
    return line;
  };

  const keep = (form) => {
    const key = keyOf(form), draft = read(key);
    const base = draft?.base ?? given(form);
    let waiting = null, unsaved = false, sending = false;

    const save = () => {
      sending = false;
      if (waiting?.isConnected) unsaved = true; // it would overwrite what waits to be put back
      else if (agree(typed(form), base)) unsaved = Boolean(forget(key));
      else unsaved = !write(key, { saved: Date.now(), base, texts: typed(form) });
    };
    const discard = () => {
      forget(key);
      put(form, given(form));
    };

    if (draft && agree(draft.texts, given(form))) unsaved = false;
    else if (draft && agree(draft.base, given(form))) {
      put(form, draft.texts);
      note(form, "We restored your draft.", { Discard: discard });
    } else if (draft) {
      const putBack = () => put(form, draft.texts);
      waiting = note(form, "You have an older draft.", { Restore: putBack, Discard: () => { forget(key); save(); } });
    }

    form.addEventListener("input", save);
    document.addEventListener("submit", (event) => { // where others may have stopped it before
      if (event.target !== form || event.defaultPrevented || event.submitter?.name === "preview") return;
      sending = true;
      if (!unsaved) tab?.setItem(SENT, key);
    });
    addEventListener("beforeunload", (event) => {
      if (unsaved && !sending) event.preventDefault();
    });
  };

  const forms = [...document.querySelectorAll("form[data-draft]")];
  settle(forms);
  forms.forEach(keep);

  document.addEventListener("submit", ({ target, defaultPrevented }) => {
    if (!defaultPrevented && target.matches("[action$='/auth/logout']")) forgetAll(MINE);
  });
})();
