"use strict";
const box = document.getElementById("find");
box.style.display = "block";
box.addEventListener("input", () => {
  const wanted = box.value.toLowerCase();
  for (const rule of document.querySelectorAll("details.rule")) {
    rule.classList.toggle("hidden", wanted !== "" && !rule.textContent.toLowerCase().includes(wanted));
  }
});
for (const link of document.querySelectorAll("a[href^='#r']")) {
  link.addEventListener("click", () => {
    const rule = document.getElementById(link.hash.slice(1));
    if (rule) { rule.open = true; rule.classList.remove("hidden"); }
  });
}
addEventListener("beforeprint", () => {
  for (const rule of document.querySelectorAll("details.rule, details.more")) { rule.open = true; }
});
