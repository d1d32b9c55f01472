// Builds DOM elements, icons, notices and the confirmation dialog.

import { ApiProblem, NoResponse } from "./api.js";

export const $ = (id) => document.getElementById(id);

/** Create an element. Strings become text nodes, never markup: names come from TikTok and are not trusted. */
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

/** Mark a button as busy or idle. `disabled` is not used because it removes the keyboard focus from the button. */
export function setBusy(button, busy) {
  button.setAttribute("aria-disabled", String(busy));
}

// Ignore clicks on busy buttons. Enter in a form clicks the form's submit button, so this also blocks submission.
document.addEventListener("click", (event) => {
  if (!event.target.closest('[aria-disabled="true"]')) return;
  event.preventDefault();
  event.stopPropagation();
}, { capture: true });

const SVG = "http://www.w3.org/2000/svg";
const ICON_PATHS = {
  ok: ["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z", "M8 12.3l2.7 2.7L16 9.5"],
  error: ["M8 3h8l5 5v8l-5 5H8l-5-5V8z", "M9 9l6 6", "M15 9l-6 6"],
  unknown: ["M12 2.5L21.5 12 12 21.5 2.5 12z", "M10 9.6c.3-2.5 4.2-2.4 4.2.1 0 1.7-2.2 1.7-2.2 3.4", "M12 16.2v.1"],
  warning: ["M12 3.5L22 20.5H2z", "M12 10v4.5", "M12 17.4v.1"],
  none: ["M7 12h10"],
  external: ["M9 5H5v14h14v-4", "M13 4h7v7", "M20 4l-9 9"],
};

/** A decorative icon, hidden from screen readers. The text beside it carries the meaning. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", class: `icon ${name}`, "aria-hidden": "true" })) {
    svg.setAttribute(key, value);
  }
  for (const d of ICON_PATHS[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

/** A link to a TikTok page, opened in a new tab. */
export function externalLink(url, label) {
  return h(
    "a",
    { class: "button secondary", href: url, target: "_blank", rel: "noreferrer noopener" },
    label,
    icon("external"),
    h("span", { class: "sr-only" }, " (opens TikTok in a new tab)"),
  );
}

/** Show a message above the page's content. It stays until the next message replaces it or the user dismisses it. */
export function showNotice(kind, title, text = "") {
  const box = h(
    "div",
    { class: `notice ${kind}` },
    icon(kind === "success" ? "ok" : "error"),
    h("p", {}, h("strong", {}, title), text ? ` ${text}` : ""),
    h("button", { type: "button", class: "quiet", "aria-label": "Dismiss this message", onclick: () => box.remove() }, "×"),
  );
  $("notices").replaceChildren(box);
}

export const showErrorNotice = (error, text = error.message) => showNotice("error", errorTitle(error), text);

export const clearNotices = () => $("notices").replaceChildren();

/** An error as an alert: the API's message, the invalid fields, the error code and the request id. */
export function errorAlert(error) {
  return h(
    "div",
    { class: "notice error", role: "alert" },
    icon("error"),
    h("div", {},
      h("p", {}, h("strong", {}, errorTitle(error)), ` ${error.message}`),
      ...(error instanceof ApiProblem ? problemDetails(error) : []),
    ),
  );
}

function errorTitle(error) {
  if (error instanceof ApiProblem) return `${error.body.title ?? "Request failed"}.`;
  return error instanceof NoResponse ? "No response." : "Something went wrong.";
}

function problemDetails({ status, code, requestId, body: { errors = [], tiktok = null } }) {
  return [
    errors.length ? h("ul", {}, errors.map(({ field, message }) => h("li", {}, h("code", {}, field), ` ${message}`))) : null,
    tiktok ? h("p", {}, `TikTok reported: ${tiktok.message}${tiktok.code === null ? "" : ` (${tiktok.code})`}`) : null,
    h("details", {}, h("summary", {}, "Details"), h("dl", { class: "facts" },
      h("dt", {}, "Status and code"), h("dd", {}, `${status} ${code ?? ""}`),
      h("dt", {}, "Request id"), h("dd", {}, h("code", {}, requestId ?? "none")),
    )),
  ];
}

/** Ask the user to confirm an action that cannot be undone. Resolves to whether the user confirmed it. */
export function confirmAction(title, text, confirmLabel) {
  const dialog = $("confirm");
  $("confirm-title").textContent = title;
  $("confirm-text").textContent = text;
  $("confirm-yes").textContent = confirmLabel;
  dialog.returnValue = "no";
  dialog.showModal();
  $("confirm-no").focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
