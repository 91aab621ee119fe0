"""How the page of `bccd explain --html` looks; every pair of colours has a contrast of at least 4.5."""

STYLE = """
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fff; --soft: #595959; --line: #c4c4c4;
  --note: #e7f0ff; --header: #fff3d1; --original: #e6f6e6; --quoted: #efefef; --signature: #f6e9fb;
  --disclaimer: #fbeae6; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececec; --paper: #161616; --soft: #b4b4b4;
  --line: #4a4a4a;
  --note: #16294a; --header: #403410; --original: #143516; --quoted: #2b2b2b; --signature: #38204a;
  --disclaimer: #46221a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; margin: 0 0 .25rem; }
h2 { font-size: 1.05rem; margin: 1.75rem 0 .5rem; border-bottom: 1px solid var(--line); }
p { margin: .25rem 0; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: start; vertical-align: top; padding: .15rem .75rem .15rem 0; }
th[scope=row] { width: 8rem; font-weight: 600; color: var(--soft); }
.wide { overflow-x: auto; }
ul { margin: 0; padding-inline-start: 1.25rem; }
pre { margin: 0; white-space: pre-wrap; font: .95rem/1.45 ui-monospace, monospace; }
.part { border-inline-start: .35rem solid var(--ink); padding: .35rem .6rem; margin: .15rem 0; }
.part .name { display: block; font-size: .8rem; font-weight: 600; color: var(--soft); }
.legend { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .35rem; margin-bottom: .6rem; }
.legend .part { padding: .1rem .5rem; font-size: .85rem; }
.note, .new { background: var(--note); border-inline-start-style: solid; }
.header { background: var(--header); border-inline-start-style: double; }
.original { background: var(--original); border-inline-start-style: solid; }
.attribution { background: var(--header); border-inline-start-style: double; }
.quoted { background: var(--quoted); border-inline-start-style: dashed; }
.signature { background: var(--signature); border-inline-start-style: dotted; }
.disclaimer { background: var(--disclaimer); border-inline-start-style: dotted; }
@media (max-width: 34rem) { tr, th[scope=row], td { display: block; width: auto; } }
@media print { body { max-width: none; } }
"""
