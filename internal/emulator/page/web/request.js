// The form that sends a request through the dispatcher, and the response.
import { ask } from "./live.js";
import { button, count, element, id, size } from "./dom.js";
import { entry, watch } from "./log.js";

const form = id("form");
const answer = id("answer");
const sending = id("sending");
const fields = ["method", "host", "path", "headers", "body"];

/** How late messages without a ray may arrive, in milliseconds. */
const late = 250;

let unwatch = () => {};
let attempt = 0;
let worker = ""; // the chosen one, by its name in messages
let hosts = {}; // that the user has entered, by Worker

/** Offers some hosts that lead to a Worker. */
export function offer(list) {
  id("hosts").replaceChildren(...list.map((host) => new Option(host)));
  if (!id("host").value && list.length) id("host").value = list[0];
}

/**
 * Makes the request one for a Worker. way is undefined if none leads to it, and
 * called is "" for none.
 */
export function choose(called, way, label) {
  if (called !== worker) { // the response of the previous one is obsolete
    answer.hidden = true;
    sending.textContent = "";
    unwatch();
    attempt++;
  }
  worker = called;
  const host = hosts[called] ?? (way && hostOf(way, label));
  if (host && called) id("host").value = host;
  keep();
}

/** Fills in a way, for the user to complete. */
export function use(way, label) {
  id("path").value = way.path || "/";
  const host = id("host");
  host.value = hostOf(way, label);
  delete hosts[worker];
  host.focus();
  host.setSelectionRange(0, way.host.startsWith("*") ? label.length : host.value.length);
  keep();
}

/** Returns the host of a way. The name of a tenant replaces a star. */
const hostOf = (way, label) => (way.host.startsWith("*") ? label + way.host.slice(1) : way.host);

function keep() {
  const values = Object.fromEntries(fields.map((name) => [name, id(name).value]));
  sessionStorage.setItem("wfpsync-request", JSON.stringify({ values, hosts }));
}

function recall() {
  const kept = JSON.parse(sessionStorage.getItem("wfpsync-request") ?? "null");
  if (!kept) return;
  hosts = kept.hosts;
  for (const name of fields) id(name).value = kept.values[name];
  id("rest").open = Boolean(kept.values.headers || kept.values.body);
}

form.addEventListener("input", (e) => {
  if (e.target.id === "host") hosts[worker] = e.target.value;
  keep();
});
form.addEventListener("keydown", (e) => {
  if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) form.requestSubmit();
});
form.addEventListener("submit", async (e) => {
  e.preventDefault();
  const mine = ++attempt;
  unwatch();
  sending.textContent = "Sending …";
  sending.className = "";
  const request = Object.fromEntries(fields.map((name) => [name, id(name).value]));
  try {
    const got = await ask("/api/send", request);
    if (mine !== attempt) return;
    sending.className = "heard";
    sending.textContent = "Answered " + got.status + " " + got.status_text;
    show(got);
  } catch (error) {
    if (mine !== attempt) return;
    answer.hidden = true;
    sending.className = "stop";
    sending.replaceChildren(...element("span", "", error.message).childNodes);
  }
});

function show(a) {
  const kind = a.status >= 500 ? "bad" : a.status >= 400 ? "warn" : "good";
  const facts = [a.ms < 1000 ? a.ms.toFixed(1) + " ms" : (a.ms / 1000).toFixed(2) + " s", a.cut && !a.hex ? "more than " + size(a.size - 1) : size(a.size)];
  const line = element("p", "status " + kind, element("b", "", String(a.status), " ", a.status_text), element("span", "soft", facts.join(" · ")));
  answer.replaceChildren(line);
  if (a.unfinished) answer.append(element("p", "stop", a.unfinished));
  answer.append(body(a));
  const headers = element("details", "", element("summary", "", count(a.headers.length, "header", "headers")));
  headers.append(element("table", "facts n2", element("tbody", "", a.headers.map((h) => element("tr", "", element("th", "", element("code", "", h.name)), element("td", "", element("code", "value", h.value)))))));
  answer.append(headers, said(a));
  answer.hidden = false;
}

function body(a) {
  if (!a.size) return element("p", "soft", "The response has no body.");
  const text = element("pre", "body", a.pretty || a.body);
  text.tabIndex = 0;
  const box = element("div", "", text);
  if (a.cut) box.append(element("p", "soft", a.hex ? "The body is binary. Only its beginning is shown." : "Only its beginning is shown."));
  if (a.pretty) {
    const as = button("As it was sent", () => {
      const raw = as.getAttribute("aria-pressed") !== "true";
      as.setAttribute("aria-pressed", String(raw));
      text.replaceChildren(...element("span", "", raw ? a.body : a.pretty).childNodes);
    });
    as.setAttribute("aria-pressed", "false");
    box.append(element("p", "filters", as));
  }
  return box;
}

/**
 * Shows what Workers printed during the request: all messages with its ray, and
 * those without any ray from the same time. A Worker's messages are sent when
 * it is done, which may be after its response.
 */
function said(a) {
  const started = new Date(a.started);
  const ended = new Date(started.getTime() + a.ms + late);
  const list = element("ol", "messages");
  const section = element("section", "said", element("h3", "", "Logged during this request"), list);
  list.append(element("li", "none", "Nothing."));
  let n = 0;
  unwatch = watch(new Date(started.getTime() - 1000), (m) => {
    const time = new Date(m.time);
    if (m.ray ? m.ray !== a.ray : !m.worker || time < started || time > ended) return;
    if (!n++) list.replaceChildren();
    if (n <= 200) list.append(entry(m, true));
  });
  return section;
}

recall();
