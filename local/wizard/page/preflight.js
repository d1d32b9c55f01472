// The preflight form, and the answer of the publish check with a card for each prerequisite.

import { prerequisiteCard } from "./prerequisite_card.js";
import { assetTypeInSentence, listOf, objectiveName, requirementName, verdictText } from "./texts.js";
import { $, errorAlert, h, icon, setBusy } from "./ui.js";

const FIRST_ADVERTISER = ""; // without an advertiser_id the API takes the first advertiser of the connection

export class Preflight {
  constructor(app) {
    this.app = app;
    this.rules = {};
    this.previous = null;
    this.requestNumber = 0;
  }

  async start() {
    $("preflight-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.check();
    });
    for (const id of ["advertiser", "objective"]) {
      $(id).addEventListener("change", () => {
        this.app.selections.save({ [id]: $(id).value });
        this.describeSelection();
        this.clearAnswer();
      });
    }
    this.rules = (await this.app.api.get("/publish-check/rules")).objectives;
    $("objective").append(...Object.keys(this.rules).map((name) => h("option", { value: name }, objectiveName(name))));
    const { objective } = this.app.selections;
    $("objective").value = this.rules[objective] ? objective : "TRAFFIC";
  }

  /** List the user's own advertisers first, then those of teammates, then those that the API denies. */
  switchUser() {
    const { config, selections, user } = this.app;
    const { own_advertiser_ids: own, teammate_advertiser_ids: teammates } = user;
    const inaccessible = config.advertisers.map(({ advertiser_id }) => advertiser_id).filter((id) => ![...own, ...teammates].includes(id));
    const group = (label, ids) => ids.length && h("optgroup", { label }, ids.map((id) => h("option", { value: id }, this.app.advertiserName(id))));
    $("advertiser").replaceChildren(
      ...[
        group("Your TikTok account", own),
        group("A teammate’s TikTok account", teammates),
        h("option", { value: FIRST_ADVERTISER }, "First advertiser of the connection"),
        group("No access", inaccessible),
      ].filter(Boolean),
    );
    const listed = [...$("advertiser").options].some(({ value }) => value === selections.advertiser);
    const selectedByUser = selections.advertiser_user === user.user_id;
    $("advertiser").value = listed && selectedByUser ? selections.advertiser : (own[0] ?? teammates[0] ?? FIRST_ADVERTISER);
    selections.save({ advertiser: $("advertiser").value, advertiser_user: user.user_id });
    this.describeSelection();
    this.clearAnswer(selectedByUser);
  }

  describeSelection() {
    const advertiser = this.app.config.advertisers.find(({ advertiser_id }) => advertiser_id === $("advertiser").value);
    $("advertiser-note").textContent = advertiser
      ? `In the simulator: ${advertiser.description}.`
      : "The API uses the first advertiser of the selected TikTok connection.";
    const required = (this.rules[$("objective").value] ?? []).map(requirementName);
    $("objective-note").textContent = `Requires ${listOf(required.map((name) => `${/^[aeiou]/.test(name) ? "an" : "a"} ${name}`))}.`;
  }

  /** Remove the answer when the question changes, so that answers to different questions are never compared. */
  clearAnswer(keepChecked = false) {
    this.requestNumber += 1;
    this.previous = null;
    if (!keepChecked) this.app.selections.save({ checked: false });
    $("check").textContent = "Check";
    setBusy($("check"), false);
    $("result").removeAttribute("aria-busy");
    $("result-status").textContent = "";
    $("answer").replaceChildren(h(
      "div",
      { class: "empty" },
      icon("unknown"),
      h("p", {}, h("strong", {}, "No result yet.")),
      h("p", { class: "note" }, "Select an advertiser and an objective, then press Check. TikTok is queried for all prerequisites in parallel, for at most eight seconds."),
    ));
  }

  /** Run the publish check and show its answer. Returns false if another question replaced it meanwhile. */
  async check() {
    const number = (this.requestNumber += 1);
    const { api, control, selections } = this.app;
    selections.save({ checked: true, advertiser: $("advertiser").value, objective: $("objective").value });
    setBusy($("check"), true);
    $("result").setAttribute("aria-busy", "true");
    $("result-status").textContent = "Checking.";
    // The simulator's request log is optional: if it cannot be read, the answer is shown without it.
    const requestsBefore = await control.requests().catch(() => null);
    const startedAt = performance.now();
    let content;
    let status;
    try {
      const answer = await api.get("/publish-check", { advertiser_id: $("advertiser").value, objective: $("objective").value });
      const elapsedMs = performance.now() - startedAt;
      const requests = requestsBefore && (await control.requests().then((all) => all.slice(requestsBefore.length)).catch(() => null));
      if (number !== this.requestNumber) return false;
      content = this.render(answer, elapsedMs, requests);
      const { title, text } = verdictText(answer);
      status = `${title}. ${text}`;
      this.previous = { question: this.question(), answer };
    } catch (error) {
      if (number !== this.requestNumber) return false;
      content = [errorAlert(error)];
      status = "";
      this.previous = null;
    }
    $("answer").replaceChildren(...content);
    $("result").removeAttribute("aria-busy");
    $("result-status").textContent = status;
    setBusy($("check"), false);
    $("check").textContent = "Check again";
    this.app.readiness.refresh();
    this.app.connections.refresh();
    return true;
  }

  /** Check again after a fix, and move the focus to the new verdict. */
  async checkAgain() {
    if (await this.check()) ($("answer").querySelector(".verdict h3") ?? $("check")).focus();
  }

  /** Identifies the selected user, advertiser and objective. */
  question() {
    return `${this.app.user.user_id} ${$("advertiser").value} ${$("objective").value}`;
  }

  render(answer, elapsedMs, requests) {
    const previous = this.previous?.question === this.question() ? this.previous.answer : null;
    const previousChecks = new Map((previous?.checks ?? []).map((check) => [check.requirement, check]));
    const required = answer.checks.filter(({ status }) => status !== "not_required");
    const notRequired = answer.checks.filter(({ status }) => status === "not_required").map(({ requirement }) => requirementName(requirement));
    return [
      verdictBanner(answer, previous),
      h("ul", { class: "cards", "aria-label": "Prerequisites" },
        required.map((check) => prerequisiteCard(this.app, answer, check, previousChecks.get(check.requirement)))),
      notRequired.length ? h("p", { class: "note" }, `Not required for ${objectiveName(answer.objective)}: ${listOf(notRequired)}.`) : null,
      warningList(answer.warnings),
      answerDetails(answer, elapsedMs, requests),
    ].filter(Boolean);
  }
}

function verdictBanner(answer, previous) {
  const { kind, icon: iconName, title, text } = verdictText(answer);
  const previousTitle = previous ? verdictText(previous).title : title;
  const changed = previousTitle !== title;
  return h(
    "div",
    { class: `verdict ${kind}${changed ? " changed" : ""}` },
    icon(iconName),
    h("div", {},
      h("h3", { tabindex: "-1" }, title, changed ? h("span", { class: "was" }, ` was: ${previousTitle.toLowerCase()}`) : null),
      h("p", {}, text),
      h("p", { class: "note" }, identityText(answer), connectionText(answer)),
    ),
  );
}

function identityText({ identity }) {
  if (!identity) return "";
  return `The ad would run as “${identity.display_name ?? identity.identity_id}” (${assetTypeInSentence(identity.identity_type)}). `;
}

function connectionText({ token }) {
  if (!token) return "No TikTok connection was used.";
  return token.source === "own" ? "Your TikTok connection was used." : `The TikTok connection of ${token.user_id} was used.`;
}

function warningList(warnings) {
  if (!warnings.length) return null;
  return h("section", { class: "warnings", "aria-labelledby": "warnings-title" },
    h("h3", { id: "warnings-title" }, "Warnings"),
    h("ul", {}, warnings.map(({ message }) => h("li", {}, icon("warning"), h("span", {}, message)))),
  );
}

function answerDetails(answer, elapsedMs, requests) {
  const source = answer.advertiser_id_source === "first_of_active_token" ? "the first of the connection" : "as selected";
  return h("details", { class: "surface details" },
    h("summary", {}, "Details"),
    h("dl", { class: "facts" },
      h("dt", {}, "Response time"), h("dd", {}, `${Math.round(elapsedMs)} ms, measured in this page`),
      h("dt", {}, "Checked at"), h("dd", {}, answer.checked_at),
      h("dt", {}, "Advertiser"), h("dd", {}, answer.advertiser_id ? `${answer.advertiser_id}, ${source}` : "none"),
      h("dt", {}, "Reason"), h("dd", {}, [answer.reason ?? "none", answer.detail].filter(Boolean).join(", ")),
    ),
    requests?.length ? requestTable(requests) : h("p", { class: "note" }, requests ? "No requests were sent to TikTok." : "The requests to TikTok are not known."),
  );
}

/** The requests that the simulator logged during the check. Scheduled checks may have sent some of them. */
function requestTable(requests) {
  return h("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": "Requests to TikTok during the check" },
    h("table", { class: "requests" },
      h("caption", {}, "Requests to TikTok during the check"),
      h("thead", {}, h("tr", {}, ["Endpoint", "HTTP", "Code", "TikTok’s request id"].map((title) => h("th", { scope: "col" }, title)))),
      h("tbody", {}, requests.map((request) => h("tr", {},
        h("td", {}, h("code", {}, request.path)),
        h("td", {}, request.status ?? "none"),
        h("td", {}, request.fault ? `${request.code ?? ""} fault: ${request.fault}` : (request.code ?? "")),
        h("td", {}, h("code", {}, request.request_id ?? "none")),
      ))),
    ),
  );
}
