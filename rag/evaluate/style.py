"""The look of the HTML report: one style sheet, light and dark, nothing fetched."""

CSS = """
:root { color-scheme: light dark;
  --page: #f7f6f3; --card: #ffffff; --ink: #1d232b; --soft: #5d6773; --line: #dfdcd5;
  --accent: #2d6ea8; --bar: #d5e4f1; --good: #2c7a4b; --bad: #b3402e; --mark: #fff0a8;
  --badge: #eeece6; }
@media (prefers-color-scheme: dark) { :root {
  --page: #14181d; --card: #1c2229; --ink: #e4e8ec; --soft: #9aa5b1; --line: #313a44;
  --accent: #6fb1e8; --bar: #24425c; --good: #6cc58f; --bad: #ee8a78; --mark: #6b5a10;
  --badge: #2a323b; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 40px 24px 80px; }
header p { margin: 4px 0; color: var(--soft); }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 8px; letter-spacing: -0.01em; }
h2 { font-size: 1.3rem; margin: 56px 0 6px; letter-spacing: -0.005em; }
h3 { font-size: 1rem; margin: 28px 0 8px; }
p.lead { color: var(--soft); margin: 0 0 16px; max-width: 46rem; }
a { color: var(--accent); }
code { font: 0.88em ui-monospace, SFMono-Regular, Menlo, monospace; }
nav { margin: 18px 0 0; display: flex; flex-wrap: wrap; gap: 6px 18px; font-size: 0.92rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(215px, 1fr)); gap: 12px;
  margin: 28px 0 0; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 14px 16px; }
.tile b { display: block; font-size: 1.75rem; line-height: 1.25; font-weight: 650;
  font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: 0.85rem; display: block; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line);
  border-radius: 10px; }
table { border-collapse: collapse; width: 100%; font-size: 0.92rem; }
th, td { padding: 9px 14px; text-align: left; vertical-align: top; }
thead th { color: var(--soft); font-weight: 600; font-size: 0.82rem; vertical-align: bottom;
  border-bottom: 1px solid var(--line); }
tbody tr + tr > * { border-top: 1px solid var(--line); }
tbody th { font-weight: 600; white-space: nowrap; }
td.n { color: var(--soft); font-variant-numeric: tabular-nums; }
.figure { min-width: 92px; font-variant-numeric: tabular-nums; }
.figure i { font-style: normal; display: block; white-space: nowrap;
  color: var(--soft); font-size: 0.78rem; }
.track { position: relative; height: 5px; margin: 4px 0 1px; border-radius: 3px;
  background: var(--badge); overflow: hidden; }
.track s { position: absolute; top: 0; bottom: 0; left: 0; background: var(--bar); }
.track u { position: absolute; top: 0; bottom: 0; background: var(--accent); opacity: 0.55; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); gap: 14px; }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 14px 16px 10px; }
figure svg { width: 100%; height: auto; display: block; }
figcaption { font-weight: 600; font-size: 0.95rem; margin-bottom: 6px; }
figure small { color: var(--soft); display: block; font-weight: 400; }
details { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  margin: 8px 0; }
summary { padding: 11px 16px; cursor: pointer; }
summary b { font-weight: 600; }
summary .badge { float: right; margin-left: 8px; }
details > div { padding: 2px 16px 16px; border-top: 1px solid var(--line); }
details .scroll { border: 0; border-top: 1px solid var(--line); border-radius: 0; }
.badge { background: var(--badge); color: var(--soft); border-radius: 5px; padding: 1px 7px;
  font-size: 0.78rem; white-space: nowrap; }
.good { color: var(--good); } .bad { color: var(--bad); }
h4 { margin: 14px 0 4px; font-size: 0.8rem; font-weight: 600; color: var(--soft); }
blockquote { margin: 0 0 8px; padding: 8px 12px; border-left: 3px solid var(--line);
  background: var(--page); border-radius: 0 6px 6px 0; font-size: 0.94rem;
  overflow-wrap: anywhere; white-space: pre-line; }
blockquote.gold { border-left-color: var(--good); }
blockquote.hit { border-left-color: var(--good); }
blockquote footer { color: var(--soft); font-size: 0.8rem; margin-top: 3px; white-space: normal; }
mark { background: var(--mark); color: inherit; border-radius: 2px; padding: 0 1px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px; font-size: 0.92rem; }
dt { font-weight: 600; } dd { margin: 0; color: var(--soft); }
@media (max-width: 600px) { main { padding: 24px 14px 60px; } dl { grid-template-columns: 1fr; }
  dd { margin-bottom: 8px; } }
@media print { body { background: #fff; } details { break-inside: avoid; } nav { display: none; } }
"""
