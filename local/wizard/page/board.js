// The readiness board: advertisers by objectives, as the service last knew them. It changes when the bus tells.

import { Problem } from "./api.js";
import { $, atWork, h, icon } from "./dom.js";
import { heading, notice, trouble } from "./notices.js";
import * as words from "./words.js";

const STREAM = "/wizard/events";
const REFRESH_AFTER_MS = 15_000; // ages grow, and a stream can be silent though it stands
const POLL_AFTER_MS = 3_000; // while there is no stream
const TOLD_SHOWN = 8;
const NEW_FOR_MS = 60_000; // how long a cell shows that it has changed

const LIVE = {
  starting: "Connecting to the event bus…",
  live: "Live: changes as soon as the event bus tells.",
  polling: "The event bus is silent; asked again every few seconds.",
};

export class Board {
  constructor(app) {
    this.app = app;
    this.known = new Map();
    this.changedAt = new Map();
    this.visible = false;
    this.asking = 0;
    this.failed = null;
  }

  start() {
    $("check-all").addEventListener("click", () => this.checkAll());
    this.say("starting");
    const stream = new EventSource(STREAM);
    stream.addEventListener("open", () => this.say("live"));
    stream.addEventListener("error", () => this.say("polling"));
    stream.addEventListener("message", (message) => this.told(JSON.parse(message.data)));
    const again = () => {
      setTimeout(async () => {
        if (this.visible && !document.hidden) await this.refresh();
        again();
      }, this.mode === "live" ? REFRESH_AFTER_MS : POLL_AFTER_MS);
    };
    again();
  }

  say(mode) {
    this.mode = mode;
    $("live").textContent = LIVE[mode];
    $("live").dataset.mode = mode;
  }

  shown(visible) {
    this.visible = visible;
    if (visible && this.started) this.refresh();
  }

  /** Somebody else looks: they see their own advertisers. */
  become() {
    this.started = true;
    this.known = new Map();
    this.changedAt = new Map();
    this.failed = null;
    this.offerCheckAll();
    $("board").replaceChildren();
    $("board-said").textContent = "";
    $("told").replaceChildren();
    $("told-none").hidden = false;
    return this.refresh();
  }

  told({ type, time, detail }) {
    if (detail.team_id !== this.app.person.team_id) return;
    const about = detail.advertiser_id ? this.app.advertiserName(detail.advertiser_id) : (detail.user_id ?? "");
    const lost = (detail.added ?? []).map((one) => words.requirement(one.requirement ?? one));
    const found = (detail.resolved ?? []).map(words.requirement);
    const what = [lost.length ? `missing now: ${words.list(lost)}` : "", found.length ? `there again: ${words.list(found)}` : ""];
    $("told").prepend(h("li", {},
      h("strong", {}, type), " ", h("code", {}, about), ` ${what.filter(Boolean).join("; ")} `,
      h("span", { class: "note" }, new Date(time ?? Date.now()).toLocaleTimeString()),
    ));
    while ($("told").children.length > TOLD_SHOWN) $("told").lastElementChild.remove();
    $("told-none").hidden = true;
    this.refresh();
  }

  async refresh() {
    if (!this.started) return;
    const number = (this.asking += 1);
    let shown;
    try {
      const { advertisers } = await this.app.api.get("/readiness");
      if (number !== this.asking) return;
      this.failed = null;
      shown = advertisers.length ? this.grid(advertisers) : nothing();
    } catch (error) {
      // It is an alert: shown again every few seconds, it would be read aloud every few seconds.
      if (number !== this.asking || this.failed === error.message) return;
      this.failed = error.message;
      shown = trouble(error);
    }
    const scrolled = $("board").firstElementChild?.scrollLeft ?? 0;
    const focused = $("board").contains(document.activeElement);
    $("board").replaceChildren(shown);
    shown.scrollLeft = scrolled;
    if (focused) {
      shown.tabIndex = 0; // a trouble has none of its own
      shown.focus({ preventScroll: true });
    }
  }

  grid(advertisers) {
    // Those that need most come first: they differ most.
    const needs = (name) => this.app.preflight.rules[name]?.length ?? 0;
    const objectives = Object.keys(advertisers[0].objectives).sort((one, other) => needs(other) - needs(one));
    const before = this.known;
    this.known = new Map();
    const changes = [];
    const rows = advertisers.map((one) => h("tr", { "data-advertiser": one.advertiser_id },
      this.rowHead(one),
      objectives.map((name) => {
        const key = `${one.advertiser_id} ${name}`;
        const cell = cellOf(one.objectives[name]);
        const was = before.get(key);
        this.known.set(key, cell.words);
        const changed = was !== undefined && was !== cell.words;
        if (changed) {
          changes.push(`${this.app.advertiserName(one.advertiser_id)}, ${words.objective(name)}: ${cell.words.toLowerCase()}`);
          this.changedAt.set(key, Date.now());
        }
        const lately = Date.now() - (this.changedAt.get(key) ?? 0) < NEW_FOR_MS;
        return h("td", { class: `cell ${cell.kind}${changed ? " changed" : ""}`, "data-objective": name, "data-lately": lately },
          icon(cell.icon), h("span", { class: "cell-words" }, cell.words),
          h("span", { class: "cell-age" }, cell.since ? `for ${words.lasting(cell.since)}` : ""));
      }),
    ));
    if (changes.length) {
      const few = changes.slice(0, 4);
      $("board-said").textContent = `Changed: ${few.join("; ")}${changes.length > few.length ? `; and ${changes.length - few.length} more` : ""}.`;
    }
    return h("div", { class: "scrolls surface", tabindex: "0", role: "region", "aria-labelledby": "board-title" },
      h("table", { class: "board" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Advertiser"), objectives.map((name) => h("th", { scope: "col" }, words.objective(name))))),
        h("tbody", {}, rows),
      ),
    );
  }

  rowHead(one) {
    return h("th", { scope: "row" },
      h("span", {}, this.app.advertiserName(one.advertiser_id)),
      h("span", { class: "cell-age" }, one.checked_at ? `checked ${words.age(one.checked_at)}` : "never verified"),
      one.stale ? h("span", { class: "pill" }, "Could not be verified again") : null,
    );
  }

  /** A preflight of each advertiser that this person reaches: whatever is found is known from then on. */
  async checkAll() {
    const { api, person } = this.app;
    const ids = [...person.own, ...person.teammates];
    atWork($("check-all"), true);
    for (const [index, id] of ids.entries()) {
      $("check-all").textContent = `Checking ${index + 1} of ${ids.length}…`;
      const error = await api.get("/publish-check", { advertiser_id: id, objective: "WEB_CONVERSIONS" }).then(() => null, (one) => one);
      if (person !== this.app.person) return;
      if (error) notice("bad", heading(error), `${this.app.advertiserName(id)}: ${error.message}`);
      if (error && !(error instanceof Problem)) break;
    }
    this.offerCheckAll();
    await this.refresh();
  }

  offerCheckAll() {
    atWork($("check-all"), false);
    $("check-all").textContent = "Check all my advertisers";
  }
}

function cellOf({ ready, missing, unknown, at_risk: risk = [], stale, last_transition_at: since }) {
  const names = (codes) => codes.map(words.requirement).join(", ");
  const old = stale ? " (not verified again)" : "";
  if (ready) return { kind: "ready", icon: risk.length ? "warn" : "yes", words: `${risk.length ? `Ready, at risk: ${names(risk)}` : "Ready"}${old}`, since };
  const open = unknown.length ? `; unverified: ${names(unknown)}` : "";
  if (missing.length) return { kind: "not-ready", icon: "no", words: `Missing: ${names(missing)}${open}${old}`, since };
  return { kind: "unsure", icon: "unsure", words: `Unverified: ${names(unknown)}${old}`, since };
}

function nothing() {
  return h("div", { class: "empty" },
    h("p", {}, h("strong", {}, "Nothing is known yet.")),
    h("p", { class: "note" }, "An advertiser appears with its first preflight, and is then looked at again and again."),
  );
}
