// What differs from the stack file: the state in the header of the page, and
// the list of changes, if there are any.
import { count, element, id, link } from "./dom.js";

const section = id("file");
const state = id("state");
const words = { "": "Reading the stack file …", matches: "", differs: "", broken: "" };
const signs = { create: "+", update: "~", replace: "±", delete: "-", adopt: ">" };

export function showFile(file) {
  const title = file.stack || "Local account";
  id("stack").replaceChildren(...element("span", "", title).childNodes);
  document.title = (file.state === "broken" ? "✕ " : file.state === "differs" ? "± " : "") + title + " · wfpsync dev";
  state.className = file.state;
  state.replaceChildren(...element("span", "", file.sentence || words[file.state]).childNodes);
  const something = file.problems.length || file.changes.length || file.notes.length;
  section.hidden = !something;
  section.className = "file " + file.state;
  section.replaceChildren();
  if (!something) return;
  if (file.problems.length) {
    const problems = element("ol", "problems", file.problems.map(problem));
    if (file.more_problems) problems.append(element("li", "none", "and " + count(file.more_problems, "more", "more")));
    section.append(problems);
  }
  if (file.changes.length) {
    const changes = element("ul", "changes", file.changes.map(change));
    if (file.more) changes.append(element("li", "none", "and " + count(file.more, "more change", "more changes")));
    section.append(changes);
  }
  for (const note of file.notes) section.append(element("p", "soft", note));
  if (file.has_plan && file.changes.length) {
    const whole = link("/plan", "", "The whole plan");
    whole.target = "_blank";
    whole.rel = "noopener";
    section.append(element("p", "", whole));
  }
}

function problem(p) {
  const head = element("p", "", element("b", "", p.severity), " ", p.message);
  const li = element("li", p.severity, p.place ? element("code", "place", p.place) : "", head);
  if (p.rule) head.append(" ", element("code", "rule", p.rule));
  if (p.snippet) li.append(snippet(p));
  if (p.hint) li.append(element("p", "hint", p.hint));
  return li;
}

/** Returns the line of the file, with the fault marked. */
function snippet(p) {
  const characters = [...p.snippet];
  const from = p.column ? p.column - 1 : characters.length;
  const to = Math.min(characters.length, from + Math.max(p.width, 1));
  const part = (a, b) => characters.slice(a, b).join("");
  const pre = element("pre", "snippet", part(0, from), from < to ? element("mark", "", part(from, to)) : "", part(to));
  pre.tabIndex = 0;
  return pre;
}

function change(c) {
  const li = element("li", c.action, element("span", "sign", signs[c.action] || "·"), element("code", "", c.address));
  if (c.fields?.length) li.append(element("p", "soft", element("code", "", c.fields.join(", "))));
  if (c.error) li.append(element("p", "stop", c.error));
  return li;
}
