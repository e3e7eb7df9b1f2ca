/*
 * Keeps what is typed in forms marked data-keep for this tab, through reloads, crashes and a detour to sign in.
 * It is put back only into empty fields and forgotten once the server says that it has arrived ([data-arrived]).
 */
const PREFIX = "handrail-kept:";

function keyOf(form) {
  return PREFIX + form.dataset.keep;
}

function fieldsOf(form) {
  return [...form.querySelectorAll("textarea[name], input[type='text'][name], input[type='email'][name]")];
}

function save(form) {
  const words = Object.fromEntries(fieldsOf(form).map((field) => [field.name, field.value]));
  try { sessionStorage.setItem(keyOf(form), JSON.stringify(words)); } catch { /* Full or refused: the page itself still has it. */ }
}

function restore(form) {
  let words;
  try { words = JSON.parse(sessionStorage.getItem(keyOf(form)) ?? "{}"); } catch { return; }
  const fields = fieldsOf(form).filter((field) => words[field.name]);
  if (!fields.length || fieldsOf(form).some((field) => field.value)) return;
  for (const field of fields) field.value = words[field.name];
  const note = form.querySelector("[data-kept-note]");
  if (note) note.hidden = false;
  window.addEventListener("load", () => form.dispatchEvent(new Event("restored")));
}

for (const arrived of document.querySelectorAll("[data-arrived]")) {
  try { sessionStorage.removeItem(PREFIX + arrived.dataset.arrived); } catch { /* Refused: nothing was kept either. */ }
}
for (const form of document.querySelectorAll("form[data-keep]")) {
  restore(form);
  form.addEventListener("input", () => save(form));
  form.querySelector("[data-forget]")?.addEventListener("click", () => {
    for (const field of fieldsOf(form)) field.value = "";
    save(form);
    form.querySelector("[data-kept-note]").hidden = true;
    fieldsOf(form)[0].focus();
  });
}
