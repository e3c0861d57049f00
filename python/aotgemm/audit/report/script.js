"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const find = (id) => document.getElementById(id);
const [ask, m, sms, search, count, answer] = ["ask", "m", "sms", "search", "count", "answer"].map(find);
const MOST_HITS = 3; // kernels whose intervals a search opens

function make(tag, text, properties = {}) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...[text].flat());
  return element;
}

const textOf = (kernel) => (kernel.name + " " + kernel.sha256).toLowerCase();
const calls = data.calls.map((call) => {
  const numbers = [...new Set(call.kernels)];
  const text = [call.short, call.layers, call.kind, ...numbers.map((n) => textOf(data.kernels[n - 1]))].join(" ").toLowerCase();
  return { ...call, element: find(call.id), text };
});
const kernels = data.kernels.map((kernel, index) => {
  const users = data.calls.filter((call) => call.kernels.includes(index + 1)).map((call) => call.layers);
  const text = [textOf(kernel), kernel.short.toLowerCase(), ...users].join(" ").toLowerCase();
  return { ...kernel, number: index + 1, element: find(kernel.anchor), text };
});
const entries = [...calls, ...kernels];

const wordsOf = () => search.value.toLowerCase().split(/\s+/).filter(Boolean);
const matches = (text, words) => words.every((word) => text.includes(word));

function filter() {
  const words = wordsOf();
  const hits = kernels.filter((kernel) => words.length && matches(textOf(kernel), words));
  const few = new Set(hits.length <= MOST_HITS ? hits.map((kernel) => kernel.number) : []);
  for (const { element, text } of entries) element.hidden = !matches(text, words);
  for (const call of calls) {
    const rows = [...call.element.querySelectorAll("tr[data-kernel]")];
    for (const row of rows) row.classList.toggle("hit", few.has(Number(row.dataset.kernel)));
    if (rows.some((row) => row.classList.contains("hit"))) call.element.querySelector("details").open = true;
  }
  const shown = entries.filter(({ element }) => !element.hidden).length;
  count.textContent = words.length ? shown + " of " + entries.length : "";
}

// Pages that http serves have no clipboard, and a browser may refuse it: then the text is selected instead.
function copyButton(element) {
  const button = make("button", "Copy", { type: "button" });
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(element.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(element);
      button.textContent = "Selected";
    }
  });
  return button;
}

function timeAt(call, index, rows) {
  const first = index ? call.ends[index - 1] + 1 : 1, last = call.ends[index], [low, high] = call.us[index];
  return first === last ? low : low + ((high - low) * (rows - first)) / (last - first);
}

function lines(call, rows) {
  if (call.missing) return [make("p", "No kernel: " + call.missing)];
  const index = call.ends.findIndex((end) => end >= rows);
  if (index < 0) return [make("p", "Outside the plan, which ends at M = " + call.ends.at(-1) + " for this call.")];
  const kernel = kernels[call.kernels[index] - 1], first = index ? call.ends[index - 1] + 1 : 1;
  const option = make("span", "--kernel", { className: "option" });
  const command = make("code", ["aotgemm verify " + data.file + " ", option, " " + kernel.name]);
  const time = call.us[index].length ? ", " + timeAt(call, index, rows).toFixed(1) + " us predicted" : "";
  const where = " for M = " + first + " to " + call.ends[index] + time;
  return [
    make("p", [make("a", kernel.short + "\u00a0" + kernel.name, { href: "#" + kernel.anchor }), where]),
    make("p", ["sha256 ", make("code", kernel.sha256)]),
    make("p", ["check: ", command, " ", copyButton(command)]),
  ];
}

function markAt(call, rows) {
  const line = call.element.querySelector(".at");
  if (!line) return;
  const last = call.ends.at(-1), inside = rows > 0 && rows <= last && Number(sms.value) === call.sms;
  line.hidden = !inside;
  line.style.setProperty("--x", inside ? Math.log2(rows) / Math.log2(last + 1) : 0);
  const index = inside ? call.ends.findIndex((end) => end >= rows) : -1;
  call.element.querySelectorAll("tbody tr").forEach((row, i) => row.classList.toggle("here", i === index));
}

function answers() {
  const text = m.value.replaceAll(/[\s,]/g, ""), rows = /^[0-9]{1,15}$/.test(text) ? Number(text) : 0;
  const asked = calls.filter((call) => call.sms === Number(sms.value) && matches(call.text, wordsOf()));
  const blocks = asked.map((call) => {
    const head = make("div", [make("h3", make("a", call.short + " " + call.layers, { href: "#" + call.id })), make("p", call.kind, { className: "kind" })]);
    return make("div", [head, make("div", lines(call, rows))], { className: "answer" });
  });
  const refused = text ? [make("p", "M is " + text.slice(0, 20) + ", allowed is a positive number.")] : [];
  answer.replaceChildren(...(rows > 0 ? blocks : refused));
  ask.classList.toggle("asked", rows > 0);
  for (const call of calls) markAt(call, rows);
}

function update() {
  filter();
  answers();
}

// report.html#m=96&sms=132 asks at once; a link to what a search hides ends the search.
function follow() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  if (wanted.has("m")) m.value = wanted.get("m");
  if (wanted.has("sms")) sms.value = wanted.get("sms");
  const target = find(decodeURIComponent(location.hash.slice(1)));
  if (target && target.hidden) {
    search.value = "";
    update();
    target.scrollIntoView();
  }
  if (wanted.has("m")) update();
}

for (const input of [m, search]) input.addEventListener("input", update);
sms.addEventListener("change", update);
ask.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
addEventListener("hashchange", follow);
ask.hidden = false;
follow();
