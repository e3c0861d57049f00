"use strict";
const search = document.getElementById("search");
const count = document.getElementById("count");
const entries = [...document.querySelectorAll(".find")].map((element) => {
  const titles = [...element.querySelectorAll("[title]")].map((part) => part.title);
  return { element, text: [element.textContent, ...titles].join(" ").toLowerCase() };
});
search.addEventListener("input", () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const { element, text } of entries) {
    element.hidden = !words.every((word) => text.includes(word));
    shown += !element.hidden;
  }
  count.textContent = words.length ? shown + " of " + entries.length : "";
});
let closed = [];
addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll("details:not([open])")];
  for (const details of closed) details.open = true;
});
addEventListener("afterprint", () => {
  for (const details of closed) details.open = false;
});
