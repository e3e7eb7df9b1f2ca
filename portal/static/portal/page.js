/* Small comforts for every page: times in the reader's zone, theme choice, menus that close, focus on the error summary, one submission per press. */
const root = document.documentElement;

for (const select of document.querySelectorAll("select[data-theme-choice]")) {
  select.value = root.dataset.theme || "system";
  select.addEventListener("change", () => {
    if (select.value === "system") delete root.dataset.theme;
    else root.dataset.theme = select.value;
    try { localStorage.setItem("handrail-theme", select.value); } catch { /* Storage may be refused. */ }
  });
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== except) menu.open = false;
  }
}
document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.querySelector("details.menu[open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});

const moment = new Intl.DateTimeFormat(root.lang, { dateStyle: "medium", timeStyle: "short" });
const exact = new Intl.DateTimeFormat(root.lang, { dateStyle: "full", timeStyle: "long" });
function showLocalTimes(within) {
  for (const time of within.querySelectorAll("time[data-local]")) {
    const when = new Date(time.dateTime);
    time.textContent = moment.format(when);
    time.title = exact.format(when);
  }
}
showLocalTimes(document);
document.addEventListener("htmx:load", (event) => showLocalTimes(event.target));

document.querySelector("[data-focus-first]")?.focus();

/* A second press while the first is under way is dropped here; the server would file it only once anyway. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-once]")) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
