/**
 * The style of `/docs`.
 *
 * @module
 */

/** One stylesheet, light and dark. */
export const DOCS_STYLE: string = `
:root { color-scheme: light dark; --line: light-dark(#d9dde3, #343a44); --soft: light-dark(#f5f6f8, #1c2027);
  --text: light-dark(#1a1e25, #e6e9ee); --quiet: light-dark(#566070, #9aa4b2); --link: light-dark(#0b5cad, #7ab7ff); }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: light-dark(#fff, #14171c);
  display: grid; grid-template-columns: 17rem minmax(0, 1fr); }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1.5rem 1rem; border-right: 1px solid var(--line);
  background: var(--soft); font-size: .875rem; }
nav ul { list-style: none; margin: 0 0 1rem; padding: 0; }
nav li { padding: .125rem 0; }
nav strong { display: block; margin-bottom: .25rem; }
main { padding: 1.5rem 2rem 6rem; max-width: 62rem; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
h1 { margin: 0 0 .5rem; font-size: 1.75rem; }
h2 { margin: 2.5rem 0 .75rem; padding-top: .5rem; font-size: 1.25rem; }
h3 { margin: 1.25rem 0 .375rem; font-size: .9375rem; }
code, pre { font: .875em/1.5 ui-monospace, monospace; }
pre { margin: .375rem 0; padding: .75rem 1rem; overflow: auto; background: var(--soft); border: 1px solid var(--line);
  border-radius: 6px; }
details.operation { border: 1px solid var(--line); border-radius: 8px; margin: .5rem 0; scroll-margin-top: 1rem; }
details.operation > summary { cursor: pointer; padding: .625rem 1rem; display: flex; gap: .75rem; flex-wrap: wrap;
  align-items: baseline; list-style: none; }
details.operation > summary::-webkit-details-marker { display: none; }
details.operation[open] > summary { border-bottom: 1px solid var(--line); }
details.operation > div { padding: .5rem 1rem 1rem; }
details.operation:target { border-color: var(--link); }
.method { font: 700 .75rem ui-monospace, monospace; width: 3.5rem; text-transform: uppercase; }
.get { color: light-dark(#0b6b3a, #5fd39a); } .post { color: light-dark(#0b5cad, #7ab7ff); }
.put { color: light-dark(#8a5300, #f0b35a); } .delete { color: light-dark(#b3261e, #ff8a80); }
.quiet { color: var(--quiet); }
table { width: 100%; border-collapse: collapse; font-size: .9375rem; }
th, td { text-align: left; vertical-align: top; padding: .375rem .75rem .375rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; font-size: .8125rem; color: var(--quiet); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
@media (max-width: 52rem) { body { display: block; } nav { position: static; height: auto; border: 0; } main { padding: 1rem; } }
`;
