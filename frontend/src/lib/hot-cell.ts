/** Writing fast-changing cells into rows that React drew once: only what differs touches the document. */

const BASE = new WeakMap<HTMLElement, string>();

/** Set a cell's text and its extra class, where either changed. */
export function write(cell: HTMLElement, text: string, extra = ''): void {
  const first = cell.firstChild;
  if (first === null) cell.append(text);
  else if (first.nodeValue !== text) first.nodeValue = text;
  let base = BASE.get(cell);
  if (base === undefined) {
    base = cell.className;
    BASE.set(cell, base);
  }
  const wanted = extra === '' ? base : `${base} ${extra}`;
  if (cell.className !== wanted) cell.className = wanted;
}
