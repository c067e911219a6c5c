/**
 * Weighs what a browser loads for the shell and to open the terminal, compressed, against the budgets. What loads on
 * demand later (palette, sign-in dialog) is not counted. Run after a build; `--list` names the terminal's files.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BUDGET_KB = { shell: 120, terminal: 280, css: 20 };
const folder = new URL('../dist/assets/', import.meta.url);
const files = readdirSync(folder);
const weigh = (name) => gzipSync(readFileSync(new URL(name, folder))).length / 1000;
const imports = (name, dynamic) => {
  const text = readFileSync(new URL(name, folder), 'utf8');
  const pattern = dynamic ? /import\(\s*[`'"]\.\/([\w.-]+\.js)/g : /(?:from|import)\s*[`'"]\.\/([\w.-]+\.js)/g;
  return [...text.matchAll(pattern)].map((match) => match[1]);
};
const closure = (names, seen = new Set()) => {
  for (const name of names) if (!seen.has(name)) { seen.add(name); closure(imports(name, false), seen); }
  return seen;
};
const html = readFileSync(new URL('../dist/index.html', import.meta.url), 'utf8');
const entry = [...html.matchAll(/assets\/([\w.-]+\.js)/g)].map((match) => match[1]);
const total = (names) => [...names].reduce((sum, name) => sum + weigh(name), 0);
const shell = closure([...entry, ...files.filter((name) => name.startsWith('login-') && name.endsWith('.js'))]);
const page = files.filter((name) => name.startsWith('terminal-') && name.endsWith('.js'));
const terminal = closure([...entry, ...page, ...page.flatMap((name) => imports(name, true)).filter((name) => /^(chart|dock)-/.test(name))]);
const result = { shell: total(shell), terminal: total(terminal), css: total(files.filter((name) => name.endsWith('.css'))) };
if (process.argv.includes('--list')) for (const name of terminal) console.log(weigh(name).toFixed(1).padStart(7), name);
let bad = false;
for (const [name, weight] of Object.entries(result)) {
  const over = weight > BUDGET_KB[name];
  bad ||= over;
  console.log(`${name.padEnd(9)} ${weight.toFixed(1).padStart(7)} kB gzip of ${BUDGET_KB[name]}${over ? '  OVER' : ''}`);
}
if (bad) process.exitCode = 1;
