/* Applies the chosen theme before the first paint and tells the stylesheet that scripts run. Loaded in the head, not deferred. */
(function () {
  "use strict";
  const root = document.documentElement;
  root.classList.add("scripts");
  try {
    const chosen = localStorage.getItem("handrail-theme");
    if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  } catch { /* Storage may be refused: the system's theme stays. */ }
})();
