// News from the server. A hidden page does not listen, because browsers allow
// only a few connections to one server, for all tabs together.

const run = document.querySelector("meta[name=wfpsync-run]").content;
const token = document.querySelector("meta[name=wfpsync-token]").content;

/**
 * Sends a request to the server. An error is an Error with the server's
 * message.
 */
export async function ask(path, post) {
  const options = post === undefined ? {} : { method: "POST", body: JSON.stringify(post), headers: { "X-Wfpsync-Token": token } };
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error("wfpsync dev does not respond. Is it still running?");
  }
  if (!response.headers.get("Content-Type")?.startsWith("application/json")) throw new Error(await response.text());
  const answer = await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.error), { status: response.status });
  return answer;
}

/**
 * Calls back with news: {log, missed, account, file, state}. state receives
 * whether the page is connected.
 */
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
      close(); // a browser's own attempts would give up for ever on a server that was down for a moment
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
    on.account(); // something may have happened meanwhile
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  open();
}

/**
 * Calls a function soon: once for several calls, and not while it is still
 * running.
 */
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
