// Makes elements. Text is only ever set as text, so nothing that TikTok names can become markup.

export const $ = (id) => document.getElementById(id);

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Whether a button is at work. It is not disabled, which would take the focus from whoever pressed it. */
export function atWork(button, working) {
  button.setAttribute("aria-disabled", String(working));
}

// What is at work is not pressed again, nor its form sent by Enter: that presses the form's button.
document.addEventListener("click", (event) => {
  if (!event.target.closest('[aria-disabled="true"]')) return;
  event.preventDefault();
  event.stopPropagation();
}, { capture: true });

const SVG = "http://www.w3.org/2000/svg";
const SHAPES = {
  yes: ["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z", "M8 12.3l2.7 2.7L16 9.5"],
  no: ["M8 3h8l5 5v8l-5 5H8l-5-5V8z", "M9 9l6 6", "M15 9l-6 6"],
  unsure: ["M12 2.5L21.5 12 12 21.5 2.5 12z", "M10 9.6c.3-2.5 4.2-2.4 4.2.1 0 1.7-2.2 1.7-2.2 3.4", "M12 16.2v.1"],
  warn: ["M12 3.5L22 20.5H2z", "M12 10v4.5", "M12 17.4v.1"],
  none: ["M7 12h10"],
  away: ["M9 5H5v14h14v-4", "M13 4h7v7", "M20 4l-9 9"],
};

/** A picture that says nothing to a screen reader: the words beside it do. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", class: `icon ${name}`, "aria-hidden": "true" })) {
    svg.setAttribute(key, value);
  }
  for (const d of SHAPES[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

/** A link to a page of TikTok's, in a tab of its own. */
export function away(url, label) {
  return h(
    "a",
    { class: "button plain", href: url, target: "_blank", rel: "noreferrer noopener" },
    label,
    icon("away"),
    h("span", { class: "sr-only" }, " (opens TikTok in a new tab)"),
  );
}
