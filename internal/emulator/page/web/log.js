// What Workers print, the newest first: those of all Workers, or of the chosen
// one.
import { addressOf, clock, count, element, id, link, number } from "./dom.js";

const list = id("messages");
const errors = id("errors");
const mostKept = 1000;
const mostShown = 200;

let all = []; // in order, the oldest first
let missed = 0;
let chosen = ""; // the Worker whose log is shown; "" means all
let own = []; // messages of the chosen one from before the page was opened
let cleared = 0; // messages up to this one are not shown
const watchers = new Set();
let waiting = 0;

/** Adds a message. */
export function hear(message) {
  all.push(message);
  if (all.length > mostKept) all = all.slice(-mostKept);
  for (const watch of watchers) watch(message);
  showSoon();
}

export function miss(n) {
  missed += n;
  showSoon();
}

/**
 * Calls a function with every message, including earlier ones after a time,
 * until the returned function is called.
 */
export function watch(since, call) {
  for (const message of all) if (new Date(message.time) >= since) call(message);
  watchers.add(call);
  return () => watchers.delete(call);
}

/**
 * Shows the log of one Worker, with what the server still has of it, or with ""
 * the log of all.
 */
export function choose(called, messages) {
  chosen = called;
  own = messages;
  id("log-title").textContent = called ? "Its log" : "Log";
  show();
}

function showSoon() {
  if (!waiting) waiting = requestAnimationFrame(show);
}

function wanted() {
  const known = new Set(all.map((m) => m.seq));
  const list = chosen ? [...own.filter((m) => !known.has(m.seq)), ...all.filter((m) => m.worker === chosen)] : all;
  return list.filter((m) => m.seq > cleared && (!errorsOnly() || m.level === "error"));
}

const errorsOnly = () => errors.getAttribute("aria-pressed") === "true";

function show() {
  waiting = 0;
  const messages = wanted();
  const rows = messages.slice(-mostShown).reverse();
  // An existing row stays, because it may have the focus, or be selected.
  const old = new Map([...list.children].map((row) => [row.dataset.seq, row]));
  list.replaceChildren(...rows.map((m) => old.get(key(m)) ?? entry(m, !chosen)));
  if (!rows.length) {
    const quiet = errorsOnly() ? "No errors." : chosen ? "It has not logged anything yet." : "No Worker has logged anything yet. Logs and exceptions appear here.";
    list.append(element("li", "none", quiet));
  }
  if (messages.length > rows.length) list.append(element("li", "none", "The log has " + number(messages.length - rows.length) + " more, which are older."));
  if (missed) list.append(element("li", "none", count(missed, "message", "messages") + " came faster than could be shown."));
}

const key = (m) => m.seq + (chosen ? "" : "+");

/**
 * Returns a message as an item of a list, with the name of its Worker if that
 * is not clear.
 */
export function entry(m, named) {
  const row = element("li", "message " + levelOf(m), element("time", "", clock(m.time)));
  if (named) {
    row.append(m.worker ? link(addressOf(m.worker), "who", m.worker) : element("span", "who", "runtime"));
  }
  const text = element("pre", "", m.text);
  if (m.cut) text.append(element("span", "odd", "… and " + count(m.cut, "byte", "bytes") + " more"));
  if (m.text.length > 600 || m.text.split("\n").length > 12) text.tabIndex = 0; // it scrolls
  row.append(text);
  row.dataset.seq = m.seq + (named ? "+" : "");
  return row;
}

const levelOf = (m) => (["debug", "info", "warn", "error"].includes(m.level) ? m.level : "log");

errors.addEventListener("click", () => {
  errors.setAttribute("aria-pressed", String(!errorsOnly()));
  show();
});
id("clear").addEventListener("click", () => {
  cleared = Math.max(cleared, ...all.map((m) => m.seq), ...own.map((m) => m.seq));
  missed = 0;
  show();
});
