//! How the page looks: dark text on white, the palette of Okabe and Ito, hatching beside colour, rules for paper.

/// The style sheet.
pub(crate) const STYLE: &str = "\
:root { --gain: #0072b2; --loss: #d55e00; --up: #56b4e9; --down: #e69f00; --other: #8a5a83; --same: #9a9a9a; --line: #c8c8c8; }
body { font: 15px/1.45 system-ui, 'DejaVu Sans', sans-serif; color: #1b1b1b; background: #fff; max-width: 72rem; margin: 1.5rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 .4rem; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .5rem; border-bottom: 2px solid #444; padding-bottom: .2rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .3rem; }
p { margin: .35rem 0; max-width: 60rem; }
code { font: 12.5px ui-monospace, 'DejaVu Sans Mono', monospace; overflow-wrap: anywhere; }
td code { overflow-wrap: break-word; }
dl.head { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: .5rem 0; }
dl.head dt { color: #444; }
dl.head dd { margin: 0; overflow-wrap: anywhere; }
ul.numbers { display: grid; grid-template-columns: repeat(5, 1fr); gap: .8rem; list-style: none; padding: 0; margin: 1.2rem 0; }
ul.numbers li { border: 1px solid var(--line); border-top: 4px solid #444; padding: .5rem .7rem; }
ul.numbers strong { display: block; font-size: 1.25rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
ul.numbers .zero { color: #6a6a6a; }
ul.numbers span { display: block; color: #444; font-size: .85rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; font-size: .9rem; }
table.narrow { width: auto; min-width: 36rem; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { text-align: left; vertical-align: top; padding: .25rem .55rem; border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
th { border-bottom: 2px solid #444; overflow-wrap: normal; }
th.n { text-align: right; }
td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.zero { color: #6a6a6a; }
td.date { white-space: nowrap; }
td small { color: #444; }
del { color: #8a1f11; }
ins { color: #14532d; text-decoration: none; font-weight: 600; }
.scroll { overflow-x: auto; }
figure { margin: 1.2rem 0 1.8rem; }
figcaption { font-weight: 600; margin-bottom: .3rem; }
svg { display: block; width: 100%; height: auto; }
svg.defs { position: absolute; width: 0; height: 0; }
.note { color: #444; font-size: .9rem; }
.banner { border: 2px solid #8a1f11; padding: .6rem .8rem; margin: 1rem 0; font-weight: 600; }
details summary { cursor: pointer; color: #444; font-size: .9rem; }
text { font: 12px system-ui, 'DejaVu Sans', sans-serif; fill: #1b1b1b; }
text.small { font-size: 11px; fill: #444; }
text.strong { font-weight: 600; }
text.number { font-variant-numeric: tabular-nums; }
.gain { fill: var(--gain); } .loss { fill: url(#hatch-loss); stroke: var(--loss); }
.up { fill: var(--up); } .down { fill: url(#hatch-down); stroke: var(--down); }
.other { fill: url(#dots-other); stroke: var(--other); } .same { fill: var(--same); } .sum { fill: #444; }
.cell { fill: #fff; stroke: #888; } .cell-same { fill: #e4e4e4; stroke: #888; }
.cell-worse { fill: url(#tint-loss); stroke: var(--loss); stroke-width: 2; } .cell-better { fill: #cfe6f5; stroke: var(--gain); stroke-width: 2; }
.axis { stroke: #444; } .grid { stroke: #e2e2e2; } .zero-line { stroke: #444; stroke-width: 1.5; }
.link { stroke: #777; } .dash { stroke: #444; stroke-dasharray: 5 4; } .threshold { stroke: #1b1b1b; stroke-dasharray: 2 3; }
.m-worse { fill: var(--loss); fill-opacity: .75; } .m-better { fill: var(--gain); fill-opacity: .75; }
.m-other { fill: var(--other); fill-opacity: .75; } .m-same { fill: none; stroke: #777; }
.curve { fill: none; stroke: var(--gain); stroke-width: 2; }
@media (max-width: 60rem) { ul.numbers { grid-template-columns: repeat(2, 1fr); } }
@media print {
  body { margin: 0; max-width: none; font-size: 9.5pt; padding: 0; }
  h2, h3, figcaption, caption { break-after: avoid; }
  svg, tr, li, .banner, table.short { break-inside: avoid; }
  thead { break-after: avoid; }
  ul.numbers { grid-template-columns: repeat(5, 1fr); }
  thead { display: table-header-group; }
  table { font-size: 8pt; }
  .scroll { overflow: visible; }
  summary { display: none; }
  a { color: inherit; text-decoration: none; }
}
@page { size: A4 landscape; margin: 12mm; }
";

/// Hatchings that every picture uses: a loss is told by its stripes where colours are not.
pub(crate) const PATTERNS: &str = "\
<svg class=\"defs\" aria-hidden=\"true\"><defs>\
<pattern id=\"hatch-loss\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect width=\"6\" height=\"6\" fill=\"#d55e00\"/><rect width=\"2\" height=\"6\" fill=\"#fff\"/></pattern>\
<pattern id=\"hatch-down\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(-45)\"><rect width=\"6\" height=\"6\" fill=\"#e69f00\"/><rect width=\"2\" height=\"6\" fill=\"#fff\"/></pattern>\
<pattern id=\"dots-other\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\"><rect width=\"6\" height=\"6\" fill=\"#fff\"/><circle cx=\"3\" cy=\"3\" r=\"2\" fill=\"#8a5a83\"/></pattern>\
<pattern id=\"tint-loss\" width=\"10\" height=\"10\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect width=\"10\" height=\"10\" fill=\"#fff4ec\"/><rect width=\"2\" height=\"10\" fill=\"#f6c7a6\"/></pattern>\
</defs></svg>\n";
