/* Lists the chosen files under a file field and says at once when one is too large. The server checks again. */
function size(bytes) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  let unit = 0;
  let number = bytes;
  while (number >= 1024 && unit < units.length - 1) { number /= 1024; unit += 1; }
  const digits = unit === 0 || number >= 100 ? 0 : 1;
  return new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit: units[unit], maximumFractionDigits: digits }).format(number);
}

for (const input of document.querySelectorAll("input[type='file'][data-max-bytes]")) {
  const list = document.createElement("ul");
  list.className = "file-list";
  list.setAttribute("aria-live", "polite");
  input.after(list);
  input.addEventListener("change", () => {
    list.replaceChildren(...[...input.files].map((file) => {
      const item = document.createElement("li");
      const name = document.createElement("span");
      const note = document.createElement("span");
      const large = file.size > Number(input.dataset.maxBytes);
      name.textContent = file.name;
      note.textContent = large ? `${size(file.size)}: ${input.dataset.tooLarge}` : size(file.size);
      note.className = large ? "field__error" : "muted";
      item.append(name, note);
      return item;
    }));
  });
}
