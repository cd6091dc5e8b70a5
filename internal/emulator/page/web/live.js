// What is new, as the server tells it. A page that nobody sees does not listen:
// browsers allow only a few connections to one server, for all tabs together.

const run = document.querySelector("meta[name=wfpsync-run]").content;
const token = document.querySelector("meta[name=wfpsync-token]").content;

/** Asks the server; what it refuses is an Error in its words. */
export async function ask(path, post) {
  const options = post === undefined ? {} : { method: "POST", body: JSON.stringify(post), headers: { "X-Wfpsync-Token": token } };
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error("wfpsync dev does not answer. Does it still run?");
  }
  if (!response.headers.get("Content-Type")?.startsWith("application/json")) throw new Error(await response.text());
  const answer = await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.error), { status: response.status });
  return answer;
}

/** Calls back with what is new: {log, missed, account, file, state}. state is told whether we are connected. */
export function listen(on) {
  let source;
  let last = "";
  let again = 0;

  function open() {
    clearTimeout(again);
    if (source || document.hidden) return;
    source = new EventSource("/api/events" + (last ? "?after=" + encodeURIComponent(last) : ""));
    source.addEventListener("hello", (e) => {
      if (JSON.parse(e.data) !== run) location.reload(); // wfpsync dev was started again
      on.state(true);
    });
    source.addEventListener("log", (e) => {
      last = e.lastEventId;
      on.log(JSON.parse(e.data));
    });
    source.addEventListener("missed", (e) => on.missed(JSON.parse(e.data)));
    source.addEventListener("account", () => on.account());
    source.addEventListener("file", () => on.file());
    source.addEventListener("error", () => {
      on.state(false);
      close(); // with a browser's own attempts, a server that was not there for a moment is given up for ever
      again = setTimeout(open, 1000);
    });
  }

  function close() {
    if (source) source.close();
    source = undefined;
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      clearTimeout(again);
      close();
      return;
    }
    open();
    on.account(); // whatever happened meanwhile
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  open();
}

/** Calls a function soon, once for many reasons, and not while it still runs. */
export function soon(milliseconds, work) {
  let timer = 0;
  let running = false;
  let wanted = false;
  async function go() {
    timer = 0;
    running = true;
    wanted = false;
    try {
      await work();
    } finally {
      running = false;
      if (wanted) start();
    }
  }
  function start() {
    wanted = true;
    if (!timer && !running) timer = setTimeout(go, milliseconds);
  }
  return start;
}
