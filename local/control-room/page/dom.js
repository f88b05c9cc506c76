/** Builds nodes. Nothing on this page is ever parsed from text as HTML. */

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === 'on') for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else if (name === 'data') Object.assign(node.dataset, value);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  node.append(...children.filter((child) => child !== undefined && child !== null));
  return node;
}

/** An HTML element: attributes, `on: {event: listener}`, `data: {…}`, then children (nodes or text). */
export const h = (tag, props = {}, ...children) => fill(document.createElement(tag), props, children);

/** The same for SVG. */
export const s = (tag, props = {}, ...children) =>
  fill(document.createElementNS('http://www.w3.org/2000/svg', tag), props, children);

/** An outline icon of 24 × 24, hidden from assistive technology. */
export const icon = (path) => s('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true' }, s('path', { d: path }));

/** Sets a node's text where it differs, so that a selection or a live region is left alone. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Sets an attribute where it differs. */
export function setAttr(node, name, value) {
  if (node.getAttribute(name) !== String(value)) node.setAttribute(name, String(value));
}

/** Keeps the children of a node in step with keyed items: made once, updated in place, removed when gone. */
export function keyed(parent, make) {
  const shown = new Map();
  return (items, keyOf) => {
    const present = new Set();
    for (const item of items) {
      const key = keyOf(item);
      present.add(key);
      if (!shown.has(key)) {
        const part = make(item);
        shown.set(key, part);
        parent.append(part.node);
      }
      shown.get(key).update(item);
    }
    for (const [key, part] of shown) {
      if (present.has(key)) continue;
      part.node.remove();
      shown.delete(key);
    }
  };
}
