// Tieout in the browser: keyboard, dialogs, selection, theme. Every page works
// without this file; nothing here talks to the server but through htmx.
(() => {
  "use strict";
  const root = document.documentElement;
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  root.classList.add("scripted");

  // --- dialogs -----------------------------------------------------------
  // <a href="#id" data-dialog="id"> opens; without script :target shows it.
  function openDialog(id) {
    const dialog = document.getElementById(id);
    if (!dialog || dialog.open) return;
    dialog.showModal();
    $("[autofocus], input:not([type=hidden]), select, textarea", dialog)?.focus();
  }

  // Asks before a form or link does what cannot be taken back.
  function confirmThen(text, go) {
    const dialog = document.getElementById("confirm");
    if (!dialog) return go();
    $("[data-confirm-text]", dialog).textContent = text;
    dialog.returnValue = "";
    dialog.onclose = () => { if (dialog.returnValue === "yes") go(); };
    dialog.showModal();
  }

  // --- theme -------------------------------------------------------------
  function setTheme(theme) {
    if (theme === "system") root.removeAttribute("data-theme");
    else root.dataset.theme = theme;
    document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax`;
    $$("[data-theme-choice]").forEach((b) => b.setAttribute("aria-pressed", b.value === theme));
  }

  // --- selection with its running total ----------------------------------
  // Amounts are counted in ten-thousandths as BigInt: exact, like the server.
  const toUnits = (text) => {
    const [whole, fraction = ""] = text.replace("-", "").split(".");
    const units = BigInt(whole + fraction.padEnd(4, "0").slice(0, 4));
    return text.startsWith("-") ? -units : units;
  };
  const fromUnits = (units) => {
    const sign = units < 0n ? "-" : "";
    const digits = String(units < 0n ? -units : units).padStart(5, "0");
    const whole = digits.slice(0, -4).replace(/\B(?=(\d{3})+$)/g, ",");
    return sign + whole + "." + digits.slice(-4).replace(/00$/, "");
  };

  function refreshSelection(table) {
    const boxes = $$("tbody input[data-row]", table);
    const chosen = boxes.filter((b) => b.checked);
    const all = $("thead input[data-all]", table);
    if (all) {
      all.checked = boxes.length > 0 && chosen.length === boxes.length;
      all.indeterminate = chosen.length > 0 && !all.checked;
    }
    const bulk = document.getElementById(table.dataset.bulk);
    if (!bulk) return;
    bulk.classList.toggle("is-open", chosen.length > 0);
    const totals = new Map();
    for (const box of chosen) {
      if (!box.dataset.amount) continue;
      const currency = box.dataset.currency || "";
      totals.set(currency, (totals.get(currency) || 0n) + toUnits(box.dataset.amount));
    }
    $("[data-count]", bulk).textContent = chosen.length;
    $("[data-total]", bulk).textContent = [...totals].map(([c, u]) => `${fromUnits(u)} ${c}`).join(" · ");
  }

  // --- rows by keyboard ----------------------------------------------------
  const tables = () => $$("table[data-keys]").filter((t) => t.offsetParent);
  const rowsOf = () => tables().flatMap((t) => $$("tbody tr[data-row]", t));
  const currentRow = () => $("tbody tr.is-current");

  function moveRow(step) {
    const rows = rowsOf();
    if (!rows.length) return;
    const from = rows.indexOf(currentRow());
    const next = rows[Math.max(0, Math.min(rows.length - 1, from < 0 ? 0 : from + step))];
    makeCurrent(next);
    ($("a.row-link", next) || $("a, input, button", next))?.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }
  function makeCurrent(row) {
    $$("tr.is-current").forEach((r) => r.classList.remove("is-current"));
    row.classList.add("is-current");
  }
  function toggleRow() {
    const box = currentRow() && $("input[data-row]", currentRow());
    if (box) box.click();
  }

  const typing = (t) => t.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      return openDialog("palette");
    }
    if (event.target.closest("#palette")) return palette(event);
    if (event.key === "Escape") {
      $$("details.menu[open]").forEach((d) => { d.open = false; $("summary", d).focus(); });
      if (!$("dialog:modal")) closePanel();
      if (typing(event.target)) event.target.blur();
      return;
    }
    if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey || $("dialog:modal")) return;
    const act = { j: () => moveRow(1), k: () => moveRow(-1), x: toggleRow, "/": focusSearch, "?": () => openDialog("keyboard"),
      "[": () => $("a[rel=prev]")?.click(), "]": () => $("a[rel=next]")?.click() }[event.key];
    if (act) { event.preventDefault(); act(); }
    else if (event.key === "Enter" && event.target === document.body) $("a.row-link", currentRow() || document.createElement("i"))?.click();
  });

  function focusSearch() {
    const box = $("input[data-search]");
    if (box) { box.focus(); box.select(); } else openDialog("palette");
  }

  function palette(event) {
    if (event.key === "Escape") { // at once, though a search box would first be emptied
      event.preventDefault();
      return document.getElementById("palette").close();
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp" && event.key !== "Enter") return;
    const hits = $$("#palette-results a");
    const at = hits.findIndex((a) => a.classList.contains("is-current"));
    if (event.key === "Enter") {
      const hit = hits[at] || hits[0];
      if (hit && event.target.matches("input")) { event.preventDefault(); hit.click(); }
      return;
    }
    event.preventDefault();
    hits[at]?.classList.remove("is-current");
    const next = hits[(at + (event.key === "ArrowDown" ? 1 : -1) + hits.length) % hits.length];
    next?.classList.add("is-current");
    next?.scrollIntoView({ block: "nearest" });
  }

  // --- side panel ----------------------------------------------------------
  function closePanel() {
    const panel = document.getElementById("panel");
    if (!panel?.open) return;
    panel.close();
    $("a.row-link", currentRow() || document.createElement("i"))?.focus();
  }

  // --- clicks and changes --------------------------------------------------
  document.addEventListener("click", (event) => {
    const hit = (selector) => event.target.closest(selector);
    $$("details.menu[open]").forEach((d) => { if (!d.contains(event.target)) d.open = false; });
    const opener = hit("[data-dialog]");
    if (opener) { event.preventDefault(); return openDialog(opener.dataset.dialog); }
    const closer = hit("[data-close]");
    if (closer) {
      event.preventDefault();
      const dialog = closer.closest("dialog");
      if (dialog.id === "panel") closePanel(); else dialog.close();
      return;
    }
    const copy = hit("[data-copy]");
    if (copy) {
      navigator.clipboard?.writeText(copy.dataset.copy).then(() => announce("Copied"));
      return;
    }
    const theme = hit("[data-theme-choice]");
    if (theme) { event.preventDefault(); return setTheme(theme.value); }
    const back = hit("[data-print]");
    if (back) { event.preventDefault(); return window.print(); }
    const row = hit("tr[data-row]");
    if (row) makeCurrent(row);
    if (event.target.matches("dialog:not(#panel)")) event.target.close(); // the backdrop
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const text = event.submitter?.dataset.confirm || form.dataset.confirm;
    if (text && !form.dataset.sure) {
      event.preventDefault();
      event.stopImmediatePropagation();
      const submitter = event.submitter;
      return confirmThen(text, () => { form.dataset.sure = "1"; form.requestSubmit(submitter); });
    }
    delete form.dataset.sure;
    if (form.method !== "dialog") form.classList.add("is-sending"); // no second click
  }, true);
  window.addEventListener("pageshow", () => $$(".is-sending").forEach((f) => f.classList.remove("is-sending")));

  document.addEventListener("change", (event) => {
    const table = event.target.closest("table[data-bulk]");
    if (!table) return;
    if (event.target.matches("input[data-all]"))
      $$("tbody input[data-row]", table).forEach((b) => { b.checked = event.target.checked; });
    refreshSelection(table);
  });

  // --- htmx ----------------------------------------------------------------
  // Empty filters stay out of the address.
  document.addEventListener("htmx:config:request", (event) => {
    const request = event.detail.ctx.request;
    if (request.method !== "GET" || !request.body?.delete) return;
    for (const [name, value] of [...request.body]) if (value === "") request.body.delete(name);
  });
  document.addEventListener("htmx:after:swap", (event) => {
    const target = event.detail.ctx?.target;
    if (target?.id === "panel-body") {
      const panel = document.getElementById("panel");
      const link = $("[data-panel-link]", panel);
      if (link) link.href = event.detail.ctx.request.action;
      if (!panel.open) panel.show();
      panel.scrollTop = 0;
    }
    $$("table[data-bulk]").forEach(refreshSelection);
  });
  document.addEventListener("htmx:finally:request", () => $$(".is-sending").forEach((f) => f.classList.remove("is-sending")));
  // An error page that lacks the part that was asked for is shown whole.
  document.addEventListener("htmx:response:error", (event) => {
    const ctx = event.detail.ctx;
    const holds = (selector) => ctx.text.includes(`id="${selector.slice(1)}"`);
    if (streams(event) || (ctx.select && holds(ctx.select))) return;
    ctx.push = ctx.replace = "false";
    if (holds("#content")) Object.assign(ctx.hx, { retarget: "#content", reselect: "#content", reswap: "outerHTML" });
    else { ctx.hx.reswap = "none"; announce("That did not work. Nothing was changed."); }
  });
  document.addEventListener("htmx:error", (event) => {
    if (!streams(event)) return announce("The server could not be reached. Nothing was changed.");
    // A stream that began comes back by itself; one that could not begin is asked for again.
    const element = event.detail.ctx.sourceElement;
    setTimeout(() => {
      if (element.isConnected && !element._htmx?.sse) htmx.ajax("GET", element.getAttribute("hx-sse:connect"), { source: element });
    }, 2000);
  });

  // Past 200 ms a request shows at the top edge.
  let pending = 0, timer, edge;
  const streams = (event) => event.detail.ctx?.sourceElement?.hasAttribute?.("hx-sse:connect");
  document.addEventListener("htmx:before:request", (event) => {
    if (streams(event) || pending++) return;
    timer = setTimeout(() => {
      edge = document.createElement("div");
      edge.className = "loading-edge";
      document.body.append(edge);
    }, 200);
  });
  document.addEventListener("htmx:finally:request", (event) => {
    if (streams(event) || --pending > 0) return;
    pending = 0;
    clearTimeout(timer);
    edge?.remove();
  });

  function announce(text) {
    const live = document.getElementById("live");
    if (live) { live.textContent = ""; requestAnimationFrame(() => { live.textContent = text; }); }
  }

  // A row is moved by dragging its handle; the form posts the new order.
  let dragged;
  document.addEventListener("dragstart", (event) => { dragged = event.target.closest?.("tr[draggable=true]"); });
  document.addEventListener("dragover", (event) => {
    const over = dragged && event.target.closest("tr[draggable=true]");
    if (!over || over === dragged || over.parentNode !== dragged.parentNode) return;
    event.preventDefault();
    const box = over.getBoundingClientRect();
    over[event.clientY > box.top + box.height / 2 ? "after" : "before"](dragged);
  });
  document.addEventListener("drop", (event) => { if (dragged) event.preventDefault(); });
  document.addEventListener("dragend", () => {
    const form = dragged && document.getElementById(dragged.dataset.order);
    dragged = undefined;
    form?.requestSubmit();
  });

  $$("table[data-bulk]").forEach(refreshSelection);
  if (location.hash) { const target = document.getElementById(location.hash.slice(1)); if (target?.matches("dialog")) openDialog(target.id); }
})();
