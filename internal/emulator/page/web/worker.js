// One Worker: the ways to it, its bindings and its settings.
import { addressOf, ago, button, count, element, id, link, size } from "./dom.js";

const title = id("title");
const rest = id("worker");

let shown = ""; // the Worker, by its name in messages
let uploaded = ""; // and when it was uploaded

/**
 * Shows a Worker. use is called with the way that the user wants to send a
 * request to.
 */
export function showWorker(w, use) {
  const again = shown === w.called && uploaded !== w.modified_on;
  [shown, uploaded] = [w.called, w.modified_on];
  const about = element("p", "about", element("span", again ? "fresh" : "", "uploaded ", ago(w.modified_on)));
  if (new Date(w.created_on) < new Date(w.modified_on)) about.append(", created ", ago(w.created_on));
  head(w.namespace || "Worker of the account", element("code", "", w.name), about, reached(w, use));
  rest.replaceChildren(
    table("Bindings", ["Name", "Type", "Value"], w.bindings.map(binding), "It has no bindings."),
    table("Settings", ["Name", "Value"], w.settings.map((s) => [element("code", "", s.name), element("code", "value", s.value)]), "All settings have their defaults."),
    table("Modules", ["Name", "Type", "Size"], w.modules.map(module), "It has no code."),
  );
}

/** Shows the account itself. */
export function showAccount({ own, namespaces, workers }) {
  const users = namespaces.reduce((n, one) => n + one.workers, 0);
  const address = "http://localhost:" + workers.split(":").pop() + "/";
  head("", "Everything that runs here", element("p", "about",
    count(own, "Worker", "Workers") + " of the account, ", count(users, "user Worker", "user Workers") + " in " + count(namespaces.length, "namespace", "namespaces") + ", at ", outside(address)));
  rest.replaceChildren();
}

export function showMissing(message) {
  head("", message, element("p", "about", link("#/", "", "Back to all Workers")));
  rest.replaceChildren();
}

function head(eyebrow, name, ...more) {
  const back = eyebrow ? link("#/", "back", "All Workers") : "";
  const parts = [back, element("p", "eyebrow", eyebrow), element("h2", "name", name), ...more];
  // Without a change the elements stay, because the user may be moving through
  // them with the keyboard.
  const fresh = element("div", "", ...parts);
  if (title.firstElementChild?.isEqualNode(fresh)) return;
  const focused = title.contains(document.activeElement) ? document.activeElement.textContent : undefined;
  title.replaceChildren(fresh);
  if (focused !== undefined) [...title.querySelectorAll("a, button")].find((e) => e.textContent === focused)?.focus();
}

function outside(address) {
  const a = link(address, "", address);
  a.target = "_blank";
  a.rel = "noopener noreferrer";
  return a;
}

function reached(w, use) {
  if (!w.reached.length && !w.through.length) return element("p", "about", "Nothing leads to it.");
  const list = element("ul", "reached");
  for (const way of w.reached) {
    const b = button("", () => use(way));
    b.append(element("code", "", way.pattern), element("small", "", way.kind));
    b.title = "Send a request there";
    list.append(element("li", "", b));
  }
  if (w.elsewhere) list.append(element("li", "soft", "and ", count(w.elsewhere, "more", "more")));
  const box = element("div", "");
  if (w.through.length) {
    box.append(element("p", "about", "dispatched to by ", w.through.flatMap((name, i) => [i ? ", " : "", link(addressOf(name), "", name)])));
  }
  box.append(list);
  return box;
}

function binding(b) {
  const value = b.secret ? element("span", "soft", "secret") : element("code", "value", b.value);
  if (b.secret && b.value) value.append(" ", element("code", "", b.value));
  return [element("code", "", b.name), element("code", "soft", b.type), value];
}

function module(m) {
  return [element("code", "", m.name), element("code", "soft", m.main ? "entry point" : m.type.replace("application/", "")), element("span", "soft", size(m.size))];
}

function table(name, columns, rows, none) {
  const section = element("section", "", element("h2", "", name));
  if (!rows.length) {
    section.append(element("p", "soft", none));
    return section;
  }
  const t = element("table", "facts n" + columns.length);
  if (columns.length > 2) t.append(element("thead", "", element("tr", "", columns.map((column) => element("th", "", column)))));
  t.append(element("tbody", "", rows.map((cells) => element("tr", "", cells.map((cell, i) => element(i ? "td" : "th", "", cell))))));
  section.append(t);
  return section;
}
