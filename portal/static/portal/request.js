/*
 * The request form: tells of suggestions by their count alone, remembers which were opened, lists chosen files.
 * Nothing here is needed to file a request. The server believes an opened article only if it had shown it.
 */
const form = document.querySelector("form[data-request-form]");
const list = document.getElementById("suggestions");
const status = document.getElementById("suggestions-status");
const opened = form?.querySelector("input[name='opened']");

/* Announced only when the number changes: a live region that repeats itself interrupts people who are writing. */
list?.addEventListener("htmx:afterSettle", () => {
  const told = list.querySelector("[data-count-text]")?.dataset.countText ?? "";
  if (status && status.textContent !== told) status.textContent = told;
});

list?.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-article]");
  if (!link || !opened) return;
  const ids = new Set(opened.value.split(",").filter(Boolean));
  ids.add(link.dataset.article);
  opened.value = [...ids].join(",");
});

/* Words and files typed but not sent: warn before they are lost to a closed tab. */
let dirty = false;
form?.addEventListener("input", () => { dirty = true; });
form?.addEventListener("submit", () => { dirty = false; });
window.addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
