// The page of `wfpsync dev`. What it shows depends on the address, #/ or
// #/worker or #/namespace/worker, and on what the server sends.
import { ask, listen, soon } from "./live.js";
import { element, id } from "./dom.js";
import { showFile } from "./file.js";
import * as list from "./list.js";
import * as log from "./log.js";
import * as request from "./request.js";
import { showAccount, showMissing, showWorker } from "./worker.js";

let overview;
let chosen = "";

const refreshOverview = soon(60, loadOverview);
const refreshWorker = soon(120, () => loadWorker(false));

async function loadOverview() {
  try {
    overview = await ask("/api/overview");
  } catch {
    return; // the page shows that it is not connected
  }
  showFile(overview.file);
  list.showPlaces(overview);
  request.offer(overview.hosts);
  if (!chosen) showAccount(overview);
}

async function loadWorker(first) {
  if (!chosen) return;
  const mine = chosen;
  const at = mine.lastIndexOf("/");
  let worker;
  try {
    worker = await ask("/api/worker?" + new URLSearchParams({ namespace: mine.slice(0, Math.max(at, 0)), name: mine.slice(at + 1) }));
  } catch (error) {
    if (mine === chosen && error.status === 404) showMissing(error.message);
    return;
  }
  if (mine !== chosen) return;
  showWorker(worker, (way) => request.use(way, worker.label));
  if (!first) return;
  log.choose(mine, worker.messages);
  request.choose(mine, worker.reached.find((one) => one.kind !== "address") ?? worker.reached[0], worker.label);
}

/** Shows what the address names. */
async function go() {
  chosen = location.hash.startsWith("#/") ? decode(location.hash.slice(2)) : "";
  id("columns").dataset.chosen = chosen ? "worker" : "";
  list.choose(chosen);
  if (chosen) {
    await loadWorker(true);
    return;
  }
  log.choose("", []);
  request.choose("");
  if (overview) showAccount(overview);
}

function decode(path) {
  try {
    return path.split("/").map(decodeURIComponent).join("/");
  } catch {
    return path; // it names nothing
  }
}

addEventListener("hashchange", async () => {
  if (location.hash === "#main") return; // the link that skips the list
  await go();
  scrollTo(0, 0);
  id("main").focus({ preventScroll: true });
});

document.addEventListener("keydown", (e) => {
  const writing = e.target.matches("input, select, textarea");
  if (e.key === "Escape") {
    if (writing) e.target.blur();
    else if (chosen) location.hash = "#/";
    return;
  }
  if (writing || e.ctrlKey || e.metaKey || e.altKey) return;
  const keys = { "/": () => focusOn("search"), r: () => focusOn("host"), j: () => list.step(1), k: () => list.step(-1) };
  if (!keys[e.key]) return;
  e.preventDefault();
  keys[e.key]();
});

function focusOn(name) {
  id(name).focus();
  id(name).select();
}

id("compare").addEventListener("click", async (e) => {
  const b = e.target;
  if (b.getAttribute("aria-busy") === "true") return;
  b.setAttribute("aria-busy", "true");
  b.textContent = "Comparing …";
  try {
    showFile(await ask("/api/compare", {}));
  } catch (error) {
    id("state").className = "broken";
    id("state").replaceChildren(...element("span", "", error.message).childNodes);
  }
  b.removeAttribute("aria-busy");
  b.textContent = "Compare again";
});

listen({
  log(message) {
    log.hear(message);
    if (message.level === "error") list.refresh(); // it counts them
  },
  missed: log.miss,
  account() {
    refreshOverview();
    list.refresh();
    refreshWorker();
  },
  file: refreshOverview,
  state(connected) {
    id("live").className = connected ? "on" : "off";
    id("live").textContent = connected ? "Live" : "Not connected: does wfpsync dev still run?";
  },
});
setInterval(() => {
  list.refresh(); // "… ago" changes with time
  refreshWorker();
}, 60_000);
refreshOverview();
list.refresh();
go();
