// The page of a plan. Everything it shows comes from the JSON in the page, and
// goes into it as text: nothing of it is ever taken for markup. Changes are made
// into elements when they come into view.
"use strict";

const plan = JSON.parse(document.getElementById("plan").textContent);
const list = document.getElementById("list");
if (list) start();

function start() {
  const search = document.getElementById("search");
  const filters = document.getElementById("filters");
  const kinds = document.getElementById("kinds");
  const more = document.getElementById("more");
  const shown = document.getElementById("shown");
  const all = document.getElementById("all");

  const atOnce = 60; // items that are made at a time
  const fewEnough = 8; // items that are shown open
  const mostPrinted = 500; // items that are opened to be printed

  const state = { words: [], action: "", kind: "" };
  let items = []; // what is to be shown: lists of indices of changes that are alike
  let made = 0; // how many of them are elements already
  let open = false;

  // An element with a class and content.
  function element(name, className, ...content) {
    const e = document.createElement(name);
    if (className) e.className = className;
    e.append(...content);
    return e;
  }

  function button(text, action) {
    const b = element("button", "", text);
    b.type = "button";
    b.addEventListener("click", action);
    return b;
  }

  const number = (n) => n.toLocaleString("en-US");
  const kindOf = (c) => plan.kinds[c.k];
  const actionOf = (c) => plan.actions[c.x];
  const whereOf = (c) => kindOf(c).id + "/" + (plan.places[c.p] ? plan.places[c.p] + "/" : "");
  const addressOf = (c) => whereOf(c) + c.n;
  const countOf = (n, kind) => number(n) + " " + (n === 1 ? kind.one : kind.many);

  // What the search looks into: addresses and reasons of changes, and fields,
  // and changes that are alike share most of it.
  const fieldTexts = plan.fields.map((f) => [f.p, f.v, ...(f.l || [])].join("\n").toLowerCase());
  const changeTexts = plan.changes.map((c) => [addressOf(c), c.w, c.b, c.h, c.at].join("\n").toLowerCase());

  function matching() {
    const inFields = state.words.map((word) => fieldTexts.map((text) => text.includes(word)));
    return plan.changes.flatMap((c, i) => {
      const wanted =
        (!state.action || (state.action === "blocked" ? c.b : actionOf(c).id === state.action)) &&
        (!state.kind || kindOf(c).id === state.kind) &&
        state.words.every((word, w) => changeTexts[i].includes(word) || (c.f || []).some((f) => inFields[w][f]));
      return wanted ? [i] : [];
    });
  }

  // Changes that are alike stay together; what is left of them is still one item.
  function together(indices) {
    const groups = new Map();
    const result = [];
    for (const i of indices) {
      const g = plan.changes[i].g;
      if (g === undefined) {
        result.push([i]);
      } else if (groups.has(g)) {
        groups.get(g).push(i);
      } else {
        const group = [i];
        groups.set(g, group);
        result.push(group);
      }
    }
    return result;
  }

  function update() {
    const indices = matching();
    items = together(indices);
    made = 0;
    open = items.length <= fewEnough;
    list.replaceChildren();
    shown.textContent =
      indices.length === plan.changes.length
        ? number(indices.length) + (indices.length === 1 ? " change" : " changes")
        : number(indices.length) + " of " + number(plan.changes.length) + " changes";
    if (!indices.length) list.append(element("li", "none", "Nothing like that changes."));
    extend(atOnce);
  }

  // Makes elements of the next items.
  function extend(n) {
    const end = Math.min(items.length, made + n);
    const fragment = document.createDocumentFragment();
    for (; made < end; made++) fragment.append(element("li", "", item(items[made], open)));
    list.append(fragment);
    more.replaceChildren();
    if (made < items.length) more.append(button("Show more (" + number(items.length - made) + ")", () => extend(atOnce)));
    label();
  }

  function label() {
    all.textContent = list.querySelector(":scope > li > details:not([open])") ? "Open all" : "Close all";
  }

  // Text in which the words that are searched for are marked.
  function marked(text) {
    if (!state.words.length) return [text];
    const lower = text.toLowerCase();
    if (lower.length !== text.length) return [text];
    const parts = [];
    let at = 0;
    while (at < text.length) {
      let next = -1;
      let length = 0;
      for (const word of state.words) {
        const i = lower.indexOf(word, at);
        if (i >= 0 && (next < 0 || i < next || (i === next && word.length > length))) [next, length] = [i, word.length];
      }
      if (next < 0) break;
      parts.push(text.slice(at, next), element("mark", "", text.slice(next, next + length)));
      at = next + length;
    }
    parts.push(text.slice(at));
    return parts;
  }

  // One change, or several that are alike, behind the first of them.
  function item(indices, isOpen) {
    const c = plan.changes[indices[0]];
    const action = actionOf(c);
    const details = element("details", action.class + (c.b ? " blocked" : ""));
    const summary = element("summary", "", element("span", "sign", action.marker));
    if (indices.length > 1) {
      const last = plan.changes[indices[indices.length - 1]];
      const where = plan.places[c.p] ? [element("span", "where", " in "), plan.places[c.p]] : [];
      summary.append(element("span", "name", element("b", "", countOf(indices.length, kindOf(c))), ...where));
      summary.append(what(c));
      summary.append(element("span", "alike", "alike, from ", element("code", "", c.n), " to ", element("code", "", last.n)));
    } else {
      summary.append(element("span", "name", element("span", "where", ...marked(whereOf(c))), element("b", "", ...marked(c.n))));
      summary.append(what(c));
    }
    details.append(summary);
    details.addEventListener("toggle", () => {
      if (details.open && details.childElementCount === 1) details.append(body(indices));
      label();
    });
    if (isOpen) {
      details.append(body(indices));
      details.open = true;
    }
    return details;
  }

  function what(c) {
    return c.b ? element("span", "what stop", "blocked") : element("span", "what", "will be " + actionOf(c).planned);
  }

  function body(indices) {
    const c = plan.changes[indices[0]];
    const b = element("div", "body");
    if (c.b) b.append(element("p", "stop", "Blocked: " + c.b));
    if (c.h) b.append(element("p", "", c.h));
    if (c.w) b.append(element("p", "", c.w[0].toUpperCase() + c.w.slice(1) + "."));
    if (indices.length > 1) b.append(element("p", "", "For example ", element("code", "", ...marked(addressOf(c))), ":"));
    const fields = element("ul", "fields");
    (c.f || []).forEach((f, i) => fields.append(element("li", "", ...field(plan.fields[f], otherValues(indices, i)))));
    if (c.f) b.append(fields);
    else if (!c.w && !c.b) b.append(element("p", "", "It has no settings to show."));
    const facts = [];
    if (c.at) facts.push(element("code", "", c.at));
    if (facts.length) b.append(element("p", "others", "Declared at ", ...facts));
    if (c.d) b.append(before(c));
    if (indices.length > 1) b.append(members(indices));
    return b;
  }

  // In how many of the changes that are alike a field is not the example's.
  function otherValues(indices, i) {
    const mine = plan.changes[indices[0]].f[i];
    return indices.filter((j) => plan.changes[j].f[i] !== mine).length;
  }

  const fieldClasses = { "+": "add", "-": "remove", "~": "replace" };
  const lineClasses = { "+": "plus", "-": "minus", ".": "gap", "@": "head" };

  function field(f, others) {
    const row = element("div", "field " + fieldClasses[f.o], element("span", "sign", f.o));
    const path = element("span", f.v ? "path" : "path wide", ...marked(f.p));
    row.append(path);
    if (f.v) row.append(element("span", "value", ...marked(f.v)));
    if (others) row.append(element("span", "note", others === 1 ? "1 of them has another value" : number(others) + " of them have other values"));
    if (!f.l) return [row];
    const lines = element("pre", "lines");
    lines.tabIndex = 0;
    for (const l of f.l) {
      const sign = l[0] === "+" || l[0] === "-" ? l[0] + " " : l[0] === "@" ? "" : "  ";
      lines.append(element("span", lineClasses[l[0]] || "", sign, ...marked(l.slice(1))));
    }
    return [row, lines];
  }

  // What comes before a change; a press leads there. Changes that are alike are
  // one thing here, too.
  function before(c) {
    const p = element("p", "others", "After ");
    const groups = together(c.d);
    for (const indices of groups.slice(0, 6)) {
      const first = plan.changes[indices[0]];
      const [text, query] = indices.length > 1
        ? [countOf(indices.length, kindOf(first)) + (plan.places[first.p] ? " in " + plan.places[first.p] : ""), whereOf(first)]
        : [addressOf(first), addressOf(first)];
      p.append(button(text, () => find(query, actionOf(first).id)));
    }
    if (groups.length > 6) p.append("and " + number(groups.length - 6) + " more");
    return p;
  }

  // Each of the changes that are alike, some at a time.
  function members(indices) {
    const ol = element("ol", "list members");
    const rest = element("div", "more");
    let at = 0;
    function next() {
      const end = Math.min(indices.length, at + atOnce);
      for (; at < end; at++) ol.append(element("li", "", item([indices[at]], false)));
      rest.replaceChildren();
      if (at < indices.length) rest.append(button("Show more (" + number(indices.length - at) + ")", next));
    }
    rest.append(button("Show each of the " + number(indices.length), next));
    const box = element("div", "");
    box.append(ol, rest);
    return box;
  }

  function find(text, action) {
    search.value = text;
    state.words = text.toLowerCase().split(/\s+/).filter(Boolean);
    state.action = action;
    press();
    update();
    document.getElementById("changes").scrollIntoView();
  }

  // The filters.
  const counts = new Map([["", plan.changes.length]]);
  for (const c of plan.changes) {
    const id = actionOf(c).id;
    counts.set(id, (counts.get(id) || 0) + 1);
    if (c.b) counts.set("blocked", (counts.get("blocked") || 0) + 1);
  }
  const inOrder = [...plan.actions].sort((a, b) => a.order - b.order);
  const choices = [["", "All"], ...inOrder.map((a) => [a.id, a.done]), ["blocked", "Blocked"]].filter(([id]) => counts.get(id));
  for (const [id, name] of choices) {
    const b = button(name, () => {
      state.action = id;
      press();
      update();
    });
    b.dataset.action = id;
    b.append(element("small", "", number(counts.get(id))));
    filters.append(b);
  }
  function press() {
    for (const b of filters.children) b.setAttribute("aria-pressed", String(b.dataset.action === state.action));
  }
  press();

  kinds.append(new Option("All kinds", ""), ...plan.kinds.map((k) => new Option(k.many, k.id)));
  if (plan.kinds.length < 2) kinds.hidden = true;
  kinds.addEventListener("change", () => {
    state.kind = kinds.value;
    update();
  });

  let waiting = 0;
  search.addEventListener("input", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => {
      state.words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      update();
    });
  });

  all.addEventListener("click", () => {
    const opening = all.textContent === "Open all";
    for (const details of list.querySelectorAll(":scope > li > details")) details.open = opening;
    all.textContent = opening ? "Close all" : "Open all";
  });

  // The picture leads to its changes.
  for (const node of document.querySelectorAll(".node")) {
    node.setAttribute("role", "button");
    node.tabIndex = 0;
    const go = () => find(node.dataset.query, node.dataset.action);
    node.addEventListener("click", go);
    node.addEventListener("keydown", (e) => {
      if (e.key === "Enter" || e.key === " ") {
        e.preventDefault();
        go();
      }
    });
  }

  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const writing = e.target.matches("input, select");
    if (e.key === "/" && !writing) {
      e.preventDefault();
      search.focus();
    } else if (e.key === "Escape" && search.value) {
      find("", "");
    } else if ((e.key === "j" || e.key === "k") && !writing) {
      step(e.key === "j" ? 1 : -1);
    }
  });

  function step(by) {
    if (by > 0 && list.lastElementChild && list.lastElementChild.contains(document.activeElement)) extend(atOnce);
    const summaries = [...list.querySelectorAll("summary")];
    const at = summaries.indexOf(document.activeElement);
    const next = summaries[at < 0 ? 0 : at + by];
    if (next) next.focus();
  }

  if ("IntersectionObserver" in window) {
    new IntersectionObserver((entries) => {
      if (made < items.length && entries.some((e) => e.isIntersecting)) extend(atOnce);
    }, { rootMargin: "400px" }).observe(more);
  }

  // Paper has no buttons: what is chosen is shown, open.
  let closed = [];
  addEventListener("beforeprint", () => {
    extend(mostPrinted);
    closed = [...list.querySelectorAll(":scope > li > details:not([open])")].slice(0, mostPrinted);
    for (const details of closed) {
      if (details.childElementCount === 1) details.append(body(items[[...list.children].indexOf(details.parentElement)]));
      details.open = true;
    }
  });
  addEventListener("afterprint", () => closed.forEach((details) => (details.open = false)));

  update();
}
