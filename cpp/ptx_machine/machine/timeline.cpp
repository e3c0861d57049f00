#include "ptx_machine/machine/timeline.hpp"

#include <map>

namespace aotgemm::ptx_machine {
namespace {

constexpr const char* kHead = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>)";
constexpr const char* kStyle = R"(</title><style>
body { font: 13px sans-serif; margin: 16px; }
#rows { overflow-x: auto; border: 1px solid #ccc; }
.row { position: relative; height: 20px; border-bottom: 1px solid #eee; }
.name { position: sticky; left: 0; display: inline-block; width: 190px; }
.name { background: #fff; z-index: 2; line-height: 20px; }
.span { position: absolute; top: 3px; height: 14px; }
.runs { background: #7aa6d8; } .waits { background: #e6e6e6; } .wgmma { background: #c2504d; }
.load { background: #68b36b; } .store { background: #b38a3d; }
.load, .store { top: 5px; height: 10px; opacity: .7; }
.key { display: inline-block; width: 14px; height: 12px; margin: 0 4px 0 12px; }
</style></head><body><h1>)";
constexpr const char* kLegend = R"(</h1><p>Steps from left to right; the order is right, lengths are not times.
<span class="key runs"></span>runs<span class="key waits"></span>waits<span class="key wgmma"></span>wgmma and mma
<span class="key load"></span>bulk load<span class="key store"></span>bulk store &nbsp;
<label>steps a pixel <input id="scale" type="range" min="0" max="6" step="0.1" value="3"></label></p>
<div id="rows"></div><script>
const spans = )";
constexpr const char* kScript = R"(;
const kinds = ["runs", "waits", "load", "store", "wgmma"];
const names = [...new Set(spans.map(s => s[0]))];
const rows = document.getElementById("rows"), scale = document.getElementById("scale");
function draw() {
  const steps = Math.pow(2, scale.value), end = Math.max(...spans.map(s => s[3]));
  rows.textContent = "";
  for (const name of names) {
    const row = document.createElement("div"), label = document.createElement("span");
    row.className = "row"; row.style.width = 200 + end / steps + "px";
    label.className = "name"; label.textContent = name; row.append(label);
    for (const [, kind, start, stop, text, line] of spans.filter(s => s[0] === name)) {
      const box = document.createElement("span");
      box.className = "span " + kinds[kind]; box.title = `${text}\nPTX line ${line}, steps ${start} to ${stop}`;
      box.style.left = 200 + start / steps + "px"; box.style.width = Math.max(1, (stop - start) / steps - 0.5) + "px";
      row.append(box);
    }
    rows.append(row);
  }
}
scale.addEventListener("input", draw);
draw();
</script></body></html>
)";

}  // namespace

// Names and labels hold letters, digits, spaces and punctuation of ours: nothing that JSON or HTML would want escaped.
std::string Timeline::html(const std::string& title) const {
    std::map<std::string, std::vector<const Span*>> by_row;
    for (const Span& span : spans_) by_row[span.row].push_back(&span);
    std::string data = "[";
    for (const auto& [row, spans] : by_row)
        for (const Span* span : spans)
            data += (data.size() > 1 ? ",\n" : "") + std::string("[\"") + row + "\", " +
                    std::to_string(static_cast<int>(span->kind)) + ", " + std::to_string(span->start) + ", " +
                    std::to_string(span->end) + ", \"" + span->label + "\", " + std::to_string(span->line) + "]";
    return kHead + title + kStyle + title + kLegend + data + "]" + kScript;
}

}  // namespace aotgemm::ptx_machine
