/*
 * Comforts for reps; every page works without them. Says when autosave fails, counts the undo seconds down in words,
 * warns before unkept words are lost, puts macros and passages where the cursor is, tells who closed the page, and shows
 * in the title how much came in. Shortcuts are in keys.js.
 */
const kept = document.getElementById("kept");
const desk = document.getElementById("desk");
const reply = document.getElementById("text");
let unkept = false;

for (const words of document.querySelectorAll("textarea[form='desk']")) {
  words.addEventListener("input", () => { unkept = true; });
}
document.addEventListener("submit", () => { unkept = false; });
window.addEventListener("beforeunload", (event) => { if (unkept) event.preventDefault(); });

function isKeeping(event) {
  return event.detail?.target === kept;
}
document.addEventListener("htmx:afterSwap", (event) => { if (isKeeping(event)) unkept = false; });
for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => { if (isKeeping(event)) kept.textContent = kept.dataset.failed; });
}

/* Signed out elsewhere, or for long: said where news are said, and nothing on the page is taken away. */
document.addEventListener("htmx:responseError", (event) => {
  const news = document.querySelector(".news");
  if (event.detail?.xhr?.status !== 403 || !news || news.querySelector("[data-signed-out-said]")) return;
  const said = document.createElement("p");
  said.className = "notice notice--danger";
  said.dataset.signedOutSaid = "";
  said.textContent = news.dataset.signedOut;
  news.append(said);
});

/* The text changes once a second; nothing moves. When the time is over the way back goes too. */
for (const counter of document.querySelectorAll("[data-countdown]")) {
  const end = Date.now() + 1000 * Number(counter.dataset.countdown);
  const seconds = counter.querySelector("[data-seconds]");
  const tick = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    if (left > 0) {
      if (seconds) seconds.textContent = String(left);
      return;
    }
    clearInterval(timer);
    counter.textContent = counter.dataset.gone;
    counter.closest(".on-its-way")?.querySelector("[data-undo]")?.remove();
  };
  const timer = setInterval(tick, 1000);
}

/* Ctrl or Cmd with Enter in the reply: to the preview, which is read before anything is sent. */
reply?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  desk?.requestSubmit(document.querySelector("button[formaction$='/preview/']"));
});

/* Enter in the search for passages looks up; without scripts it keeps the page and looks up all the same. */
document.getElementById("find-passage")?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  document.querySelector("[data-look-up]")?.click();
});
document.addEventListener("htmx:afterSettle", () => {
  const said = document.getElementById("found-said");
  const words = document.getElementById("found")?.dataset.said ?? "";
  if (said && said.textContent !== words) said.textContent = words;
});

/* Ready words go where the cursor is, on lines of their own. If the server cannot be asked, the plain button does it. */
function putIntoReply(words) {
  const { selectionStart: start, selectionEnd: end, value } = reply;
  const before = value.slice(0, start), after = value.slice(end);
  const gap = (text, edge) => (!text.trim() ? "" : edge.test(text) ? "" : text.endsWith("\n") || text.startsWith("\n") ? "\n" : "\n\n");
  reply.setRangeText(gap(before, /\n\s*\n$/) + words + gap(after, /^\s*\n\s*\n/), start, end, "end");
  reply.dispatchEvent(new InputEvent("input", { bubbles: true }));
  reply.focus();
}
async function insert(button) {
  const refused = document.getElementById("insert-refused");
  const fields = new FormData(desk);
  fields.set("place", "cursor");
  const answer = await fetch(button.formAction, { method: "POST", body: fields });
  if (!answer.headers.get("Content-Type")?.startsWith("application/json")) throw new Error("not an answer");
  const { text, refusal } = await answer.json();
  refused.textContent = refusal ?? "";
  refused.hidden = !refusal;
  if (text === undefined) return;
  putIntoReply(text);
  const inserted = document.getElementById("inserted");
  inserted.textContent = "";
  setTimeout(() => { inserted.textContent = inserted.dataset.said; }, 100);
}
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-insert]");
  if (!button || !reply || !desk) return;
  event.preventDefault();
  insert(button).catch(() => desk.requestSubmit(button));
});

/* A page that is closed says so; should that get lost, its presence ends by itself. */
const leave = document.querySelector("[data-leave]")?.dataset.leave;
if (leave) {
  window.addEventListener("pagehide", () => {
    const token = desk?.querySelector("input[name='csrfmiddlewaretoken']")?.value ?? "";
    navigator.sendBeacon(leave, new URLSearchParams({ csrfmiddlewaretoken: token }));
  });
}

/* What came in, also for those who look at another tab. */
const title = document.title;
document.addEventListener("htmx:afterSettle", () => {
  const number = Number(document.getElementById("arrivals")?.dataset.arrivals ?? 0);
  document.title = number ? `(${number}) ${title}` : title;
});
