/*
 * Shortcuts of one letter, for those who want them, and the sheet that lists them. They fire only while no field has the
 * focus and no other key is held; none of them sends. Turned off, the sheet is still in the menu under the name.
 */
const sheet = document.getElementById("keys");
const wanted = sheet?.dataset.singleKeys === "on";
const rows = () => [...document.querySelectorAll("tr[data-row] th a")];
let began = 0;

function press(selector) {
  const target = document.querySelector(selector);
  target?.click();
  return Boolean(target);
}

function focusOn(selector) {
  const target = document.querySelector(selector);
  if (!target) return false;
  target.scrollIntoView({ block: "center" });
  target.focus({ preventScroll: true });
  return true;
}

function openAndFocus(part, selector) {
  const details = document.querySelector(part);
  if (!details) return false;
  details.open = true;
  return focusOn(selector);
}

/* The line of the queue that has the focus, or the one whose line the pointer left it in. */
function row() {
  return document.activeElement?.closest("tr[data-row]");
}

function move(step) {
  const links = rows();
  if (!links.length) return false;
  const here = links.indexOf(row()?.querySelector("th a"));
  const next = here < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, here + step));
  links[next].focus();
  links[next].scrollIntoView({ block: "nearest" });
  return true;
}

function take() {
  const button = row() ? row().querySelector(".queue__take") : document.querySelector("[data-key-take]");
  button?.click();
  return Boolean(button);
}

const keys = {
  j: () => move(1),
  k: () => move(-1),
  o: () => { const link = row()?.querySelector("th a"); link?.click(); return Boolean(link); },
  m: take,
  a: () => press("[data-key-draft]"),
  e: () => focusOn("#text"),
  r: () => openAndFocus("#reject", "#reject input[type='radio']"),
  i: () => focusOn("#macro"),
  p: () => focusOn("#find-passage"),
  n: () => openAndFocus("#note-part", "#note"),
  s: () => focusOn("#send"),
  "/": () => focusOn("#find, .queue-filter input[type='search']"),
};
const afterG = {
  q: () => press("[data-key-queue]") || press(".nav-queue > a"),
  n: () => press("[data-key-next]"),
};

function isWriting(target) {
  return Boolean(target.closest?.("input, textarea, select, [contenteditable]"));
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!wanted || sheet.open || isWriting(event.target)) return;
  if (event.key === "?") {
    event.preventDefault();
    sheet.showModal();
    return;
  }
  if (event.repeat && !"jk".includes(event.key)) return;
  const second = event.timeStamp - began < 1500;
  began = 0;
  if (event.key === "g") {
    began = event.timeStamp;
    return;
  }
  const act = second && afterG[event.key] ? afterG[event.key] : keys[event.key];
  if (act?.()) event.preventDefault();
});

for (const opener of document.querySelectorAll("[data-open-keys]")) {
  opener.addEventListener("click", () => {
    const menu = opener.closest("details");
    if (menu) menu.open = false;
    sheet?.showModal();
  });
}

/* Back from a request: its line is where reading goes on, once the browser itself has gone to the line. */
if (/^#ticket-\d+$/.test(location.hash)) {
  const goOn = () => setTimeout(() => focusOn(`${location.hash} th a`));
  if (document.readyState === "complete") goOn();
  else window.addEventListener("load", goOn);
}
