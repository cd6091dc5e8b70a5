// The list of Workers, in pages of a hundred.
import { ask, soon } from "./live.js";
import { addressOf, ago, button, count, element, id, link, number } from "./dom.js";

const search = id("search");
const places = id("places");
const list = id("list");
const pages = id("pages");
const atOnce = 100;

const state = { place: undefined, offset: 0, shown: undefined };
let chosen = "";
let asked = 0;

/** Loads the list again. */
export const refresh = soon(120, load);

async function load() {
  const query = new URLSearchParams({ q: search.value.trim(), offset: state.offset });
  if (state.place !== undefined) query.set("namespace", state.place);
  const turn = ++asked;
  let answer;
  try {
    answer = await ask("/api/workers?" + query);
  } catch {
    return; // the page shows that it is not connected
  }
  if (turn !== asked) return;
  if (answer.offset > 0 && answer.offset >= answer.total) {
    state.offset = 0; // there are fewer now
    return load();
  }
  state.shown = answer;
  show();
}

function show() {
  const { items, total, offset } = state.shown;
  const focused = list.contains(document.activeElement) ? document.activeElement.getAttribute("href") : undefined;
  list.replaceChildren(...items.map(row));
  if (!items.length) list.append(element("li", "none", search.value ? "No Worker has that name." : "There is no Worker yet."));
  id("count").textContent = search.value.trim() ? count(total, "match", "matches") : count(total, "Worker", "Workers");
  pages.replaceChildren();
  if (total > atOnce) {
    const turn = (text, by, possible) => {
      const b = button(text, () => {
        state.offset += by;
        load().then(() => (list.scrollTop = 0));
      });
      b.disabled = !possible;
      return b;
    };
    pages.append(
      turn("Previous", -atOnce, offset > 0),
      element("span", "", number(offset + 1) + "–" + number(offset + items.length)),
      turn("Next", atOnce, offset + items.length < total),
    );
  }
  if (focused) links().find((a) => a.getAttribute("href") === focused)?.focus();
}

function row(item) {
  const called = item.namespace ? item.namespace + "/" + item.name : item.name;
  const a = link(addressOf(called), "", element("span", "name", item.name));
  a.append(element("span", "where", item.namespace || "account", " · ", ago(item.modified_on)));
  if (item.errors) {
    const errors = element("span", "errors", number(item.errors));
    errors.setAttribute("aria-label", count(item.errors, "error", "errors"));
    errors.title = count(item.errors, "error", "errors") + " in the log";
    a.append(errors);
  }
  if (called === chosen) a.setAttribute("aria-current", "page");
  return element("li", "", a);
}

/** Marks the chosen Worker. */
export function choose(called) {
  chosen = called;
  for (const a of links()) {
    if (a.getAttribute("href") === addressOf(called)) a.setAttribute("aria-current", "page");
    else a.removeAttribute("aria-current");
  }
}

/** Shows the namespaces with their counts. */
export function showPlaces({ own, namespaces }) {
  const all = namespaces.reduce((n, one) => n + one.workers, own);
  search.placeholder = "Search " + count(all, "Worker", "Workers");
  const focused = places.contains(document.activeElement) ? document.activeElement.dataset.place : undefined;
  const choices = [[undefined, "All", all], ["", "Account", own], ...namespaces.map((n) => [n.name, n.name, n.workers])];
  places.replaceChildren(...choices.map(([place, name, n]) => {
    const b = button("", () => {
      state.place = place;
      state.offset = 0;
      press();
      load();
    });
    b.append(element("span", "", name), element("small", "", number(n)));
    b.dataset.place = place === undefined ? "all" : "in " + place;
    b.place = place;
    return b;
  }));
  press();
  if (focused) [...places.children].find((b) => b.dataset.place === focused)?.focus();
}

function press() {
  for (const b of places.children) b.setAttribute("aria-pressed", String(b.place === state.place));
}

const links = () => [...list.querySelectorAll("a")];

/** Moves the focus in the list. */
export function step(by) {
  const all = links();
  const at = all.indexOf(document.activeElement);
  const current = at >= 0 ? at + by : Math.max(0, all.findIndex((a) => a.hasAttribute("aria-current")));
  all[Math.min(Math.max(current, 0), all.length - 1)]?.focus();
}

search.addEventListener("input", () => {
  state.offset = 0;
  refresh();
});
search.addEventListener("keydown", (e) => {
  if (e.key === "ArrowDown") {
    e.preventDefault();
    links()[0]?.focus();
  } else if (e.key === "Enter") {
    load().then(() => links()[0]?.click());
  } else if (e.key === "Escape") {
    e.stopPropagation();
    if (!search.value) search.blur();
    search.value = "";
    state.offset = 0;
    refresh();
  }
});
list.addEventListener("keydown", (e) => {
  if (e.key !== "ArrowDown" && e.key !== "ArrowUp") return;
  e.preventDefault();
  if (e.key === "ArrowUp" && document.activeElement === links()[0]) search.focus();
  else step(e.key === "ArrowDown" ? 1 : -1);
});
