// What just happened, above everything else: it stays until the next thing happens or it is dismissed.

import { NoAnswer, Problem } from "./api.js";
import { $, h, icon } from "./dom.js";

const ICONS = { good: "yes", bad: "no", plain: "warn" };

export function notice(kind, title, text = "") {
  const box = h(
    "div",
    { class: `notice ${kind}` },
    icon(ICONS[kind]),
    h("p", {}, h("strong", {}, title), text ? ` ${text}` : ""),
    h("button", { type: "button", class: "quiet", "aria-label": "Dismiss this message", onclick: () => box.remove() }, "×"),
  );
  $("notices").replaceChildren(box);
}

export const clearNotices = () => $("notices").replaceChildren();

/** An error as a block of its own: the API's words, its code and the id under which its log knows the request. */
export function trouble(error) {
  return h(
    "div",
    { class: "notice bad", role: "alert" },
    icon("no"),
    h("div", {}, h("p", {}, h("strong", {}, heading(error)), ` ${error.message}`), ...fields(error), small(error)),
  );
}

export function heading(error) {
  if (error instanceof Problem) return `${error.body.title ?? "Refused"}.`;
  return error instanceof NoAnswer ? "No answer." : "That did not work.";
}

function fields(error) {
  const said = error instanceof Problem ? (error.body.errors ?? []) : [];
  const tiktok = error instanceof Problem ? error.body.tiktok : null;
  return [
    said.length ? h("ul", {}, said.map(({ field, message }) => h("li", {}, h("code", {}, field), ` ${message}`))) : null,
    tiktok ? h("p", {}, `TikTok says: ${tiktok.message}${tiktok.code === null ? "" : ` (${tiktok.code})`}`) : null,
  ];
}

function small(error) {
  if (!(error instanceof Problem)) return null;
  return h("details", {}, h("summary", {}, "Details"), h("dl", { class: "facts" },
    h("dt", {}, "Status and code"), h("dd", {}, `${error.status} ${error.code ?? ""}`),
    h("dt", {}, "Our request id"), h("dd", {}, h("code", {}, error.requestId ?? "none")),
  ));
}
