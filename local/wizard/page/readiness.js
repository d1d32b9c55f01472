// The readiness list: the last known readiness of each advertiser and objective, without a call to TikTok.
// It refreshes when the event bus publishes an event, or at an interval if the event stream is unavailable.

import { ApiProblem } from "./api.js";
import { age, duration, listOf, objectiveName, requirementName } from "./texts.js";
import { $, errorAlert, h, icon, setBusy, showErrorNotice } from "./ui.js";

const EVENT_STREAM = "/wizard/events";
const REFRESH_INTERVAL_MS = 15_000; // updates the displayed ages, and covers an open stream that delivers no events
const POLL_INTERVAL_MS = 3_000; // without an event stream
const MAX_EVENTS = 8;
const MAX_ANNOUNCED_CHANGES = 4;
const HIGHLIGHT_MS = 60_000; // how long a changed cell stays highlighted

const STREAM_STATES = {
  connecting: "Connecting to the event stream…",
  live: "Live: updates on every event from the event bus.",
  polling: "The event stream is unavailable. Refreshing every few seconds.",
};

export class ReadinessList {
  constructor(app) {
    this.app = app;
    this.visible = false;
    this.requestNumber = 0;
  }

  start() {
    $("check-all").addEventListener("click", () => this.checkAll());
    this.showStreamState("connecting");
    const stream = new EventSource(EVENT_STREAM);
    stream.addEventListener("open", () => this.showStreamState("live"));
    stream.addEventListener("error", () => this.showStreamState("polling"));
    stream.addEventListener("message", (message) => this.showEvent(JSON.parse(message.data)));
    const refreshLater = () => {
      setTimeout(async () => {
        if (this.visible && !document.hidden) await this.refresh();
        refreshLater();
      }, this.streamState === "live" ? REFRESH_INTERVAL_MS : POLL_INTERVAL_MS);
    };
    refreshLater();
  }

  showStreamState(state) {
    this.streamState = state;
    $("stream-state").textContent = STREAM_STATES[state];
    $("stream-state").dataset.state = state;
  }

  setVisible(visible) {
    this.visible = visible;
    if (visible) this.refresh();
  }

  /** Remove the previous user's list before that of the selected user is loaded. */
  switchUser() {
    this.userSelected = true;
    this.labels = new Map();
    this.changedAt = new Map();
    this.lastError = null;
    this.showCheckAllButton();
    $("readiness-list").replaceChildren();
    $("readiness-status").textContent = "";
    $("events").replaceChildren();
    $("no-events").hidden = false;
    return this.refresh();
  }

  /** Add an event of the user's team to the list of recent events. */
  showEvent({ type, time, detail }) {
    if (detail.team_id !== this.app.user.team_id) return;
    const subject = detail.advertiser_id ? this.app.advertiserName(detail.advertiser_id) : (detail.user_id ?? "");
    const missing = (detail.added ?? []).map((added) => requirementName(added.requirement ?? added));
    const resolved = (detail.resolved ?? []).map(requirementName);
    const changes = [missing.length ? `now missing: ${listOf(missing)}` : "", resolved.length ? `resolved: ${listOf(resolved)}` : ""];
    $("events").prepend(h("li", {},
      h("strong", {}, type), " ", h("code", {}, subject), ` ${changes.filter(Boolean).join("; ")} `,
      h("span", { class: "note" }, new Date(time ?? Date.now()).toLocaleTimeString()),
    ));
    while ($("events").children.length > MAX_EVENTS) $("events").lastElementChild.remove();
    $("no-events").hidden = true;
    this.refresh();
  }

  async refresh() {
    if (!this.userSelected) return;
    const number = (this.requestNumber += 1);
    let content;
    try {
      const advertisers = await this.app.api.getAll("/readiness", "advertisers");
      if (number !== this.requestNumber) return;
      this.lastError = null;
      content = advertisers.length ? this.table(advertisers) : emptyList();
    } catch (error) {
      // Do not replace an alert with the same alert: screen readers would announce it at every refresh.
      if (number !== this.requestNumber || this.lastError === error.message) return;
      this.lastError = error.message;
      content = errorAlert(error);
    }
    const scrollLeft = $("readiness-list").firstElementChild?.scrollLeft ?? 0;
    const focused = $("readiness-list").contains(document.activeElement);
    $("readiness-list").replaceChildren(content);
    content.scrollLeft = scrollLeft;
    if (focused) {
      content.tabIndex = 0; // an alert is not focusable by default
      content.focus({ preventScroll: true });
    }
  }

  table(advertisers) {
    // Objectives with the most prerequisites come first because their readiness differs most between advertisers.
    const required = (name) => this.app.preflight.rules[name]?.length ?? 0;
    const objectives = Object.keys(advertisers[0].objectives).toSorted((left, right) => required(right) - required(left));
    const previousLabels = this.labels;
    this.labels = new Map();
    const changes = [];
    const rows = advertisers.map((advertiser) => h("tr", { "data-advertiser": advertiser.advertiser_id },
      this.rowHeader(advertiser),
      objectives.map((name) => {
        const key = `${advertiser.advertiser_id} ${name}`;
        const cell = cellContent(advertiser.objectives[name]);
        const previousLabel = previousLabels.get(key);
        this.labels.set(key, cell.label);
        const changed = previousLabel !== undefined && previousLabel !== cell.label;
        if (changed) {
          changes.push(`${this.app.advertiserName(advertiser.advertiser_id)}, ${objectiveName(name)}: ${cell.label.toLowerCase()}`);
          this.changedAt.set(key, Date.now());
        }
        const changedRecently = Date.now() - (this.changedAt.get(key) ?? 0) < HIGHLIGHT_MS;
        return h("td", { class: `cell ${cell.kind}${changed ? " changed" : ""}`, "data-objective": name, "data-changed-recently": changedRecently },
          icon(cell.icon), h("span", { class: "cell-label" }, cell.label),
          h("span", { class: "cell-age" }, cell.since ? `for ${duration(cell.since)}` : ""));
      }),
    ));
    if (changes.length) {
      const more = changes.length - MAX_ANNOUNCED_CHANGES;
      $("readiness-status").textContent = `Changed: ${changes.slice(0, MAX_ANNOUNCED_CHANGES).join("; ")}${more > 0 ? `; and ${more} more` : ""}.`;
    }
    return h("div", { class: "scrolls surface", tabindex: "0", role: "region", "aria-labelledby": "readiness-title" },
      h("table", { class: "readiness" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Advertiser"), objectives.map((name) => h("th", { scope: "col" }, objectiveName(name))))),
        h("tbody", {}, rows),
      ),
    );
  }

  rowHeader({ advertiser_id: id, checked_at: checkedAt, stale }) {
    return h("th", { scope: "row" },
      h("span", {}, this.app.advertiserName(id)),
      h("span", { class: "cell-age" }, checkedAt ? `checked ${age(checkedAt)}` : "never verified"),
      stale ? h("span", { class: "pill" }, "Last check failed") : null,
    );
  }

  /** Run a publish check for each accessible advertiser. Each check also updates the stored readiness. */
  async checkAll() {
    const { api, user } = this.app;
    const ids = [...user.own_advertiser_ids, ...user.teammate_advertiser_ids];
    setBusy($("check-all"), true);
    for (const [index, id] of ids.entries()) {
      $("check-all").textContent = `Checking ${index + 1} of ${ids.length}…`;
      // oxlint-disable-next-line no-await-in-loop -- one check at a time stays below the API's rate limit
      const error = await api.get("/publish-check", { advertiser_id: id, objective: "WEB_CONVERSIONS" }).then(() => null, (reason) => reason);
      if (user !== this.app.user) return;
      if (error) showErrorNotice(error, `${this.app.advertiserName(id)}: ${error.message}`);
      if (error && !(error instanceof ApiProblem)) break;
    }
    this.showCheckAllButton();
    await this.refresh();
  }

  showCheckAllButton() {
    setBusy($("check-all"), false);
    $("check-all").textContent = "Check all my advertisers";
  }
}

const names = (codes) => codes.map(requirementName).join(", ");

function cellContent({ ready, missing, unknown, at_risk: atRisk = [], stale, last_transition_at: since }) {
  const outdated = stale ? " (outdated)" : "";
  if (ready) {
    const label = `${atRisk.length ? `Ready, at risk: ${names(atRisk)}` : "Ready"}${outdated}`;
    return { kind: "ready", icon: atRisk.length ? "warning" : "ok", label, since };
  }
  if (missing.length) {
    const unverified = unknown.length ? `; unverified: ${names(unknown)}` : "";
    return { kind: "not-ready", icon: "error", label: `Missing: ${names(missing)}${unverified}${outdated}`, since };
  }
  return { kind: "unverified", icon: "unknown", label: `Unverified: ${names(unknown)}${outdated}`, since };
}

function emptyList() {
  return h("div", { class: "empty" },
    h("p", {}, h("strong", {}, "No readiness data yet.")),
    h("p", { class: "note" }, "The first preflight of an advertiser adds it to this list. After that the service checks it at regular intervals."),
  );
}
