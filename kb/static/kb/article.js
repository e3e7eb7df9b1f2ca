/* Comforts of an article: commands that copy at a press, and a contents list that knows where the reader is. */
const wide = window.matchMedia("(min-width: 62rem)");

async function copy(text, block) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    /* Without a secure address there is no clipboard to write to: select it, so that the keys do. */
    const selection = window.getSelection();
    selection.selectAllChildren(block);
    return false;
  }
}

for (const figure of document.querySelectorAll("[data-copy]")) {
  const button = figure.querySelector("[data-copy-button]");
  const status = figure.querySelector("[data-copy-status]");
  const label = button.textContent;
  let again;
  button.addEventListener("click", async () => {
    const code = figure.querySelector("code");
    const done = await copy(code.textContent, code);
    const said = done ? button.dataset.done : button.dataset.failed;
    button.textContent = said;
    status.textContent = said;
    clearTimeout(again);
    again = setTimeout(() => { button.textContent = label; status.textContent = ""; }, 2500);
  });
}

const contents = document.querySelector("[data-contents]");
if (contents) {
  const links = new Map();
  for (const link of contents.querySelectorAll("a[href^='#']")) {
    const heading = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (heading) links.set(heading, link);
  }
  const fit = () => { contents.open = wide.matches; };
  fit();
  wide.addEventListener("change", fit);
  contents.addEventListener("click", (event) => {
    if (event.target.closest("a") && !wide.matches) contents.open = false;
  });
  let waiting = false;
  const mark = () => {
    waiting = false;
    const line = window.innerHeight / 4;
    let current = null;
    for (const heading of links.keys()) {
      if (heading.getBoundingClientRect().top <= line) current = heading;
    }
    for (const [heading, link] of links) {
      if (heading === current) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  const soon = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(mark);
  };
  document.addEventListener("scroll", soon, { passive: true });
  mark();
}
