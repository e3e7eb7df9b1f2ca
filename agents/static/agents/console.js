/*
 * Comforts for reps; every page works without them. Says when autosave fails, counts the undo seconds down in words,
 * warns before unkept words are lost, and knows three shortcuts (Ctrl or Cmd with Enter, "/", "r").
 */
const kept = document.getElementById("kept");
const desk = document.getElementById("desk");
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

/* One-key shortcuts only while no field has the focus, so that they never eat a letter. */
document.addEventListener("keydown", (event) => {
  const writing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.id === "text") {
    event.preventDefault();
    desk?.requestSubmit(document.querySelector("button[formaction$='/preview/']"));
  }
  if (writing || event.ctrlKey || event.metaKey || event.altKey) return;
  const place = { "/": "find", r: "text" }[event.key];
  const field = place && document.getElementById(place);
  if (!field) return;
  event.preventDefault();
  field.focus();
});
