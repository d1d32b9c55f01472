// One prerequisite: what was found, one sentence, who must act, and the button that helps.

import { creation } from "./create_identity.js";
import { away, h, icon } from "./dom.js";
import * as words from "./words.js";

/** What the button does, by `fix.action`. One that is not here is newer than this page: it opens `url`. */
const HELP = {
  connect_tiktok: connecting,
  create_identity: creating,
  check_again: checking,
  open_url: opening,
};

export function card(app, answer, check, before) {
  const shown = words.stateOf(check);
  const earlier = before && words.stateOf(before);
  const { icon: picture, words: status } = words.state(shown);
  const changed = before !== undefined && earlier !== shown;
  const risky = answer.at_risk.includes(check.requirement);
  return h(
    "li",
    { class: `card ${shown}${changed ? " changed" : ""}`, "data-requirement": check.requirement },
    h("div", { class: "card-head" },
      icon(picture),
      h("h3", {}, words.Requirement(check.requirement)),
      h("p", { class: "status" }, status, risky ? ", at risk" : "",
        changed ? h("span", { class: "was" }, ` was: ${words.state(earlier).words.toLowerCase()}`) : null),
    ),
    h("p", { class: "message" }, check.message),
    assets(check),
    check.fix ? h("p", { class: "who" }, h("span", {}, "Who acts: "), words.who(check.fix.who)) : null,
    check.fix ? (HELP[check.fix.action] ?? opening)(app, check.fix, answer.advertiser_id) : null,
  );
}

function assets({ assets: found = [], count = 0 }) {
  if (!found.length) return null;
  const more = count - found.length;
  return h("ul", { class: "assets", "aria-label": "What was found" },
    found.map((asset) => h("li", { class: asset.usable ? "" : "unusable" },
      h("span", { class: "letter", "aria-hidden": "true" }, [...(asset.name ?? "?")][0] ?? "?"),
      h("span", { class: "name" }, asset.name ?? asset.id),
      asset.type ? h("span", { class: "pill" }, words.kind(asset.type)) : null,
      asset.usable ? null : h("span", { class: "pill no" }, `not usable${asset.why_not.length ? `: ${asset.why_not.map(words.code).join(", ").toLowerCase()}` : ""}`),
    )),
    more > 0 ? h("li", { class: "note" }, `and ${more} more`) : null,
  );
}

function connecting(app, { label }) {
  return h("div", { class: "actions" },
    h("button", { type: "button", class: "primary", onclick: (event) => app.connect(event.currentTarget) }, label));
}

function creating(app, { url }, advertiserId) {
  const place = h("div");
  const open = h("button", { type: "button", class: "primary", "aria-expanded": "false" }, "Create a custom identity");
  open.addEventListener("click", () => {
    open.setAttribute("aria-expanded", "true");
    open.hidden = true;
    place.replaceChildren(creation(app, advertiserId, () => {
      place.replaceChildren();
      open.setAttribute("aria-expanded", "false");
      open.hidden = false;
      open.focus();
    }));
    place.querySelector("input").focus();
  });
  return h("div", {}, h("div", { class: "actions" }, open, away(url, "Link a TikTok account")), place);
}

function checking(app) {
  return h("div", { class: "actions" },
    h("button", { type: "button", class: "plain", onclick: () => app.preflight.again() }, "Check again"));
}

function opening(app, { url, label }) {
  return h("div", { class: "actions" }, away(url, label));
}
