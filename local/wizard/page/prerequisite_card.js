// A card for one prerequisite: its state, the assets found, who must act, and the button for the fix.

import { createIdentityForm } from "./create_identity.js";
import { assetType, checkState, codeText, displayedState, requirementTitle, responsible } from "./texts.js";
import { externalLink, h, icon } from "./ui.js";

/** The elements for each `fix.action`. An action that is newer than this page opens `fix.url`. */
const FIX_ACTIONS = {
  connect_tiktok: connectButton,
  create_identity: createIdentityButtons,
  check_again: checkAgainButton,
  open_url: openUrlLink,
};

/** `previous` is the check of the same prerequisite in the previous answer to the same question, if there is one. */
export function prerequisiteCard(app, answer, check, previous) {
  const shownState = displayedState(check);
  const previousState = previous && displayedState(previous);
  const { icon: iconName, label } = checkState(shownState);
  const changed = previous !== undefined && previousState !== shownState;
  const atRisk = answer.at_risk.includes(check.requirement);
  return h(
    "li",
    { class: `card ${shownState}${changed ? " changed" : ""}`, "data-requirement": check.requirement },
    h("div", { class: "card-head" },
      icon(iconName),
      h("h3", {}, requirementTitle(check.requirement)),
      h("p", { class: "status" }, label, atRisk ? ", at risk" : "",
        changed ? h("span", { class: "was" }, ` was: ${checkState(previousState).label.toLowerCase()}`) : null),
    ),
    h("p", { class: "message" }, check.message),
    assetList(check),
    check.fix ? h("p", { class: "responsible" }, h("span", {}, "Who acts: "), responsible(check.fix.who)) : null,
    check.fix ? (FIX_ACTIONS[check.fix.action] ?? openUrlLink)(app, check.fix, answer.advertiser_id) : null,
  );
}

function assetList({ assets = [], count = 0 }) {
  if (!assets.length) return null;
  const more = count - assets.length;
  return h("ul", { class: "assets", "aria-label": "Assets found" },
    assets.map((asset) => h("li", { class: asset.usable ? "" : "unusable" },
      h("span", { class: "letter", "aria-hidden": "true" }, [...(asset.name ?? "?")][0] ?? "?"),
      h("span", { class: "name" }, asset.name ?? asset.id),
      asset.type ? h("span", { class: "pill" }, assetType(asset.type)) : null,
      asset.usable ? null : h("span", { class: "pill error" }, `not usable${asset.why_not.length ? `: ${asset.why_not.map(codeText).join(", ").toLowerCase()}` : ""}`),
    )),
    more > 0 ? h("li", { class: "note" }, `and ${more} more`) : null,
  );
}

function connectButton(app, { label }) {
  return h("div", { class: "actions" },
    h("button", { type: "button", class: "primary", onclick: (event) => app.connect(event.currentTarget) }, label));
}

function createIdentityButtons(app, { url }, advertiserId) {
  const formContainer = h("div");
  const open = h("button", { type: "button", class: "primary", "aria-expanded": "false" }, "Create a custom identity");
  open.addEventListener("click", () => {
    open.setAttribute("aria-expanded", "true");
    open.hidden = true;
    formContainer.replaceChildren(createIdentityForm(app, advertiserId, () => {
      formContainer.replaceChildren();
      open.setAttribute("aria-expanded", "false");
      open.hidden = false;
      open.focus();
    }));
    formContainer.querySelector("input").focus();
  });
  return h("div", {}, h("div", { class: "actions" }, open, externalLink(url, "Link a TikTok account")), formContainer);
}

function checkAgainButton(app) {
  return h("div", { class: "actions" },
    h("button", { type: "button", class: "secondary", onclick: () => app.preflight.checkAgain() }, "Check again"));
}

function openUrlLink(app, { url, label }) {
  return h("div", { class: "actions" }, externalLink(url, label));
}
