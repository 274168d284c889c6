"use strict";
const box = document.getElementById("find");
box.style.display = "block";
box.addEventListener("input", () => {
  const wanted = box.value.toLowerCase();
  for (const rule of document.querySelectorAll("details.rule")) {
    rule.classList.toggle("hidden", wanted !== "" && !rule.textContent.toLowerCase().includes(wanted));
  }
});
addEventListener("beforeprint", () => {
  for (const rule of document.querySelectorAll("details.rule")) { rule.open = true; }
});
