// The preflight: what is asked, and the answer with a card for each prerequisite.

import { card } from "./card.js";
import { $, atWork, h, icon } from "./dom.js";
import { remember, remembered } from "./memory.js";
import { trouble } from "./notices.js";
import * as words from "./words.js";

const FIRST = "";

export class Preflight {
  constructor(app) {
    this.app = app;
    this.rules = {};
    this.before = null;
    this.asking = 0;
  }

  async start() {
    $("ask").addEventListener("submit", (event) => {
      event.preventDefault();
      this.run();
    });
    for (const id of ["advertiser", "objective"]) {
      $(id).addEventListener("change", () => {
        remember({ [id]: $(id).value });
        this.describe();
        this.forget();
      });
    }
    this.rules = (await this.app.api.get("/publish-check/rules")).objectives;
    $("objective").append(...Object.keys(this.rules).map((name) => h("option", { value: name }, words.objective(name))));
    $("objective").value = this.rules[remembered.objective] ? remembered.objective : "TRAFFIC";
  }

  /** Offer what this person reaches first, then what the team lends, then what will be refused. */
  become() {
    const { own, teammates } = this.app.person;
    const rest = this.app.config.advertisers.map((one) => one.advertiser_id).filter((id) => ![...own, ...teammates].includes(id));
    const group = (label, ids) => ids.length && h("optgroup", { label }, ids.map((id) => h("option", { value: id }, this.app.advertiserName(id))));
    $("advertiser").replaceChildren(
      ...[
        group("Reached by your TikTok", own),
        group("Reached by a teammate’s TikTok", teammates),
        h("option", { value: FIRST }, "Whichever comes first"),
        group("Out of your reach", rest),
      ].filter(Boolean),
    );
    const wanted = remembered.advertiser;
    const offered = [...$("advertiser").options].some(({ value }) => value === wanted);
    const chosenFor = remembered.advertiser_of === this.app.person.user_id;
    $("advertiser").value = offered && chosenFor ? wanted : (own[0] ?? teammates[0] ?? FIRST);
    remember({ advertiser: $("advertiser").value, advertiser_of: this.app.person.user_id });
    this.describe();
    this.forget(chosenFor);
  }

  describe() {
    const chosen = this.app.config.advertisers.find(({ advertiser_id }) => advertiser_id === $("advertiser").value);
    $("advertiser-note").textContent = chosen
      ? `At the simulated TikTok: ${chosen.description}.`
      : "The first advertiser of the TikTok connection in use.";
    const needs = (this.rules[$("objective").value] ?? []).map(words.requirement);
    $("objective-note").textContent = `Needs ${words.list(needs.map((need) => `${/^[aeiou]/.test(need) ? "an" : "a"} ${need}`))}.`;
  }

  /** Another question: its answer is not compared with the last one's. */
  forget(keepAsked = false) {
    this.asking += 1;
    this.before = null;
    if (!keepAsked) remember({ asked: false });
    $("run").textContent = "Check";
    atWork($("run"), false);
    $("result").removeAttribute("aria-busy");
    $("said").textContent = "";
    $("answer").replaceChildren(this.invitation());
  }

  invitation() {
    return h(
      "div",
      { class: "empty" },
      icon("unsure"),
      h("p", {}, h("strong", {}, "Nothing was asked yet.")),
      h("p", { class: "note" }, "Choose an advertiser and an objective, then press Check. TikTok is asked for all of it at once, for eight seconds at most."),
    );
  }

  /** Ask and show the answer; whether it was shown, and not overtaken by another question. */
  async run() {
    const number = (this.asking += 1);
    const { api, control } = this.app;
    remember({ asked: true, advertiser: $("advertiser").value, objective: $("objective").value });
    atWork($("run"), true);
    $("result").setAttribute("aria-busy", "true");
    $("said").textContent = "Asking TikTok.";
    // What TikTok was asked is a courtesy of the simulator: the answer does not fail with it.
    const earlier = await control.requests().catch(() => null);
    const started = performance.now();
    let shown;
    let said;
    try {
      const answer = await api.get("/publish-check", { advertiser_id: $("advertiser").value, objective: $("objective").value });
      const took = performance.now() - started;
      const requests = earlier && (await control.requests().then((all) => all.slice(earlier.length)).catch(() => null));
      if (number !== this.asking) return false;
      shown = this.shown(answer, took, requests);
      const verdict = words.verdict(answer);
      said = `${verdict.title}. ${verdict.text}`;
      this.before = { question: this.question(), answer };
    } catch (error) {
      if (number !== this.asking) return false;
      shown = [trouble(error)];
      said = "";
      this.before = null;
    }
    $("answer").replaceChildren(...shown);
    $("result").removeAttribute("aria-busy");
    $("said").textContent = said;
    atWork($("run"), false);
    $("run").textContent = "Check again";
    this.app.board.refresh();
    this.app.connections.refresh();
    return true;
  }

  /** Check again because something was mended, and bring the reader to the new verdict. */
  async again() {
    if (await this.run()) ($("answer").querySelector(".verdict h3") ?? $("run")).focus();
  }

  question() {
    return `${this.app.person.user_id} ${$("advertiser").value} ${$("objective").value}`;
  }

  shown(answer, took, requests) {
    const before = this.before?.question === this.question() ? this.before.answer : null;
    const was = new Map((before?.checks ?? []).map((check) => [check.requirement, check]));
    const needed = answer.checks.filter(({ status }) => status !== "not_required");
    const spared = answer.checks.filter(({ status }) => status === "not_required");
    return [
      this.verdict(answer, before),
      h("ul", { class: "cards", "aria-label": "Prerequisites" }, needed.map((check) => card(this.app, answer, check, was.get(check.requirement)))),
      spared.length ? h("p", { class: "note" }, `Not needed for ${words.objective(answer.objective)}: ${words.list(spared.map((check) => words.requirement(check.requirement)))}.`) : null,
      this.warnings(answer.warnings),
      details(answer, took, requests),
    ].filter(Boolean);
  }

  verdict(answer, before) {
    const { kind, icon: picture, title, text } = words.verdict(answer);
    const earlier = before ? words.verdict(before) : null;
    const changed = earlier !== null && earlier.title !== title;
    return h(
      "div",
      { class: `verdict ${kind}${changed ? " changed" : ""}` },
      icon(picture),
      h("div", {},
        h("h3", { tabindex: "-1" }, title, changed ? h("span", { class: "was" }, ` was: ${earlier.title.toLowerCase()}`) : null),
        h("p", {}, text),
        h("p", { class: "note" }, runsUnder(answer), whose(answer)),
      ),
    );
  }

  warnings(warnings) {
    if (!warnings.length) return null;
    return h("section", { class: "warnings", "aria-labelledby": "warnings-title" },
      h("h3", { id: "warnings-title" }, "Worth knowing"),
      h("ul", {}, warnings.map(({ message }) => h("li", {}, icon("warn"), h("span", {}, message)))),
    );
  }
}

function runsUnder({ identity }) {
  if (!identity) return "";
  return `The ad would run as “${identity.display_name ?? identity.identity_id}” (${words.kindWithin(identity.identity_type)}). `;
}

function whose({ token }) {
  if (!token) return "Nobody’s TikTok connection was used.";
  return token.source === "own" ? "Your TikTok connection answered." : `The TikTok connection of ${token.user_id} answered.`;
}

function details(answer, took, requests) {
  const source = answer.advertiser_id_source === "first_of_active_token" ? "the first of the connection" : "as chosen";
  return h("details", { class: "surface details" },
    h("summary", {}, "Details"),
    h("dl", { class: "facts" },
      h("dt", {}, "Answered in"), h("dd", {}, `${Math.round(took)} ms, seen from this page`),
      h("dt", {}, "Checked at"), h("dd", {}, answer.checked_at),
      h("dt", {}, "Advertiser"), h("dd", {}, answer.advertiser_id ? `${answer.advertiser_id}, ${source}` : "none"),
      h("dt", {}, "Reason"), h("dd", {}, [answer.reason ?? "none", answer.detail].filter(Boolean).join(", ")),
    ),
    requests?.length ? asked(requests) : h("p", { class: "note" }, requests ? "TikTok was not asked." : "What TikTok was asked is not known."),
  );
}

/** What the simulated TikTok noted meanwhile; looks of the service itself may be among it. */
function asked(requests) {
  return h("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": "What TikTok was asked meanwhile" },
    h("table", { class: "requests" },
      h("caption", {}, "What TikTok was asked meanwhile"),
      h("thead", {}, h("tr", {}, ["Endpoint", "HTTP", "Code", "TikTok’s request id"].map((title) => h("th", { scope: "col" }, title)))),
      h("tbody", {}, requests.map((one) => h("tr", {},
        h("td", {}, h("code", {}, one.path)),
        h("td", {}, one.status ?? "none"),
        h("td", {}, one.fault ? `${one.code ?? ""} fault: ${one.fault}` : (one.code ?? "")),
        h("td", {}, h("code", {}, one.request_id ?? "none")),
      ))),
    ),
  );
}
