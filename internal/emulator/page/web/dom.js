// This module makes elements. Everything from the account and its Workers goes
// through it, and becomes text. Characters that are invisible, or could make a
// text look like another, are shown as their code points.

const odd = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Zl}\p{Zp}]/u;
const usual = new Set(["\n", "\t", "\u200c", "\u200d"]);

/** Returns a text in a form that can be put into an element. */
export function shown(text) {
  text = String(text);
  if (!odd.test(text)) return [text];
  const parts = [];
  let plain = "";
  for (const character of text) {
    if (usual.has(character) || !odd.test(character)) {
      plain += character;
      continue;
    }
    if (plain) parts.push(plain);
    plain = "";
    const mark = document.createElement("span");
    mark.className = "odd";
    mark.textContent = "\\u{" + character.codePointAt(0).toString(16) + "}";
    parts.push(mark);
  }
  if (plain) parts.push(plain);
  return parts;
}

/** Returns an element with a class, and with elements or texts in it. */
export function element(name, className, ...content) {
  const e = document.createElement(name);
  if (className) e.className = className;
  for (const part of content.flat()) {
    if (part === undefined || part === null || part === "") continue;
    if (part instanceof Node) e.append(part);
    else e.append(...shown(part));
  }
  return e;
}

export function button(text, action) {
  const b = element("button", "", text);
  b.type = "button";
  b.addEventListener("click", action);
  return b;
}

export function link(href, className, ...content) {
  const a = element("a", className, ...content);
  a.href = href;
  return a;
}

export const id = (name) => document.getElementById(name);

export const number = (n) => n.toLocaleString("en-US");

export const count = (n, one, many) => number(n) + " " + (n === 1 ? one : many);

export function size(bytes) {
  if (bytes < 1000) return count(bytes, "byte", "bytes");
  return bytes < 1e6 ? (bytes / 1e3).toFixed(1) + " kB" : (bytes / 1e6).toFixed(1) + " MB";
}

/** Returns how long ago something was, in words. */
export function ago(time) {
  const seconds = Math.max(0, (Date.now() - new Date(time)) / 1000);
  for (const [unit, length] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    const n = Math.floor(seconds / length);
    if (n) return count(n, unit, unit + "s") + " ago";
  }
  return "just now";
}

/** Returns the time of day, to the millisecond. */
export function clock(time) {
  const t = new Date(time);
  const two = (n) => String(n).padStart(2, "0");
  return two(t.getHours()) + ":" + two(t.getMinutes()) + ":" + two(t.getSeconds()) + "." + String(t.getMilliseconds()).padStart(3, "0");
}

/**
 * Returns the address of a Worker on this page. In messages the Worker is
 * called "worker" or "namespace/worker".
 */
export function addressOf(called) {
  return "#/" + called.split("/").map(encodeURIComponent).join("/");
}
