// Entry point: loads the configuration, selects the user, switches tabs, and handles the return from TikTok.

import { Api, NoResponse, SimulatorControl } from "./api.js";
import { Connections } from "./connections.js";
import { Preflight } from "./preflight.js";
import { ReadinessList } from "./readiness.js";
import { SimulatedFaults } from "./simulated_faults.js";
import { $, clearNotices, errorAlert, h, setBusy, showErrorNotice, showNotice } from "./ui.js";

const TABS = ["preflight", "readiness"];
const STORAGE_KEY = "wevion-wizard";
const COMPLETION_ATTEMPTS = 4;
const COMPLETION_PAUSE_MS = 3_000;

/** The user's selections, kept in session storage so that they survive the redirect to TikTok and back. */
class Selections {
  constructor() {
    try {
      Object.assign(this, JSON.parse(sessionStorage.getItem(STORAGE_KEY)));
    } catch {
      // Session storage is disabled or holds invalid JSON: start without selections.
    }
  }

  save(changes) {
    Object.assign(this, changes);
    try {
      sessionStorage.setItem(STORAGE_KEY, JSON.stringify(this));
    } catch {
      // Session storage is disabled: the selections last until the page is left.
    }
  }
}

class App {
  constructor(config) {
    this.config = config;
    this.selections = new Selections();
    this.control = new SimulatorControl(config.simulator_control_url);
    this.preflight = new Preflight(this);
    this.connections = new Connections(this);
    this.readiness = new ReadinessList(this);
    this.simulatedFaults = new SimulatedFaults(this);
  }

  /** The user that the visitor has selected. */
  get user() {
    return this.config.users.find(({ user_id }) => user_id === $("user").value);
  }

  get api() {
    return new Api(this.config.api_url, this.user.authorization);
  }

  advertiserName(id) {
    return this.config.advertisers.find(({ advertiser_id }) => advertiser_id === id)?.name ?? id;
  }

  async start() {
    const returned = takeReturnFromTikTok();
    const { users } = this.config;
    $("user").append(...users.map(({ user_id, title }) => h("option", { value: user_id }, title)));
    if (users.some(({ user_id }) => user_id === this.selections.user)) $("user").value = this.selections.user;
    $("user").addEventListener("change", () => {
      clearNotices();
      this.switchUser();
    });
    this.startTabs();
    await this.preflight.start();
    this.readiness.start();
    await Promise.all([this.switchUser(), this.simulatedFaults.start()]);
    if (returned) await this.handleReturnFromTikTok(returned);
  }

  /** Two tabs after the ARIA Authoring Practices: arrow keys, Home and End select a tab. */
  startTabs() {
    const tabs = TABS.map((name) => $(`tab-${name}`));
    tabs.forEach((tab, index) => {
      tab.addEventListener("click", () => this.selectTab(TABS[index]));
      tab.addEventListener("keydown", (event) => {
        const target = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: tabs.length - 1 }[event.key];
        if (target === undefined) return;
        event.preventDefault();
        const selected = (target + tabs.length) % tabs.length;
        tabs[selected].focus();
        this.selectTab(TABS[selected]);
      });
    });
    this.selectTab(TABS.includes(this.selections.tab) ? this.selections.tab : TABS[0]);
  }

  selectTab(selected) {
    for (const name of TABS) {
      $(`tab-${name}`).setAttribute("aria-selected", String(name === selected));
      $(`tab-${name}`).tabIndex = name === selected ? 0 : -1;
      $(`panel-${name}`).hidden = name !== selected;
    }
    this.selections.save({ tab: selected });
    this.readiness.setVisible(selected === "readiness");
  }

  /** Load the page for the selected user. Remove all data of the previous user first. */
  async switchUser() {
    this.selections.save({ user: this.user.user_id });
    $("user-note").textContent = this.user.note;
    this.preflight.switchUser();
    this.readiness.switchUser();
    await this.connections.switchUser();
  }

  /** The connection callback redirects here with ?tiktok=confirm&handle= or ?tiktok=error&code=. */
  async handleReturnFromTikTok(query) {
    if (query.get("tiktok") === "confirm") {
      try {
        await this.completeConnection(query.get("handle"));
        showNotice("success", "TikTok is connected.", "The preflight now uses this connection.");
      } catch (error) {
        showNotice("error", "TikTok is not connected.", error.message);
      }
      await this.connections.refresh();
    } else {
      const messages = this.config.callback_errors;
      showNotice("error", "TikTok is not connected.", messages[query.get("code")] ?? messages.internal_error);
    }
    if (this.selections.checked) await this.preflight.check();
    else $("content").focus();
  }

  /** The same request again returns the same response, so a lost one and an attempt in progress are retried. */
  async completeConnection(handle, attempts = COMPLETION_ATTEMPTS) {
    try {
      return await this.api.post("/connections/complete", { handle });
    } catch (error) {
      const retryable = error instanceof NoResponse || error.code === "in_progress";
      if (!retryable || attempts === 1) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, COMPLETION_PAUSE_MS));
    return this.completeConnection(handle, attempts - 1);
  }

  /** Open TikTok's consent page in this window. */
  async connect(button) {
    const { user } = this;
    setBusy(button, true);
    try {
      const { authorize_url: url } = await this.api.post("/connections");
      if (user === this.user) location.assign(url);
    } catch (error) {
      showErrorNotice(error);
      setBusy(button, false);
    }
  }
}

/** The parameters of a return from TikTok, which are removed from the address: a handle is used once. */
function takeReturnFromTikTok() {
  const query = new URLSearchParams(location.search);
  if (!query.has("tiktok")) return null;
  history.replaceState(null, "", location.pathname);
  return query;
}

async function loadConfig() {
  const response = await fetch("/wizard/config.json", { cache: "no-store" });
  if (!response.ok) throw new Error("The local stack is still starting. Reload in a few seconds.");
  return response.json();
}

try {
  const app = new App(await loadConfig());
  await app.start();
  document.documentElement.dataset.started = "yes";
} catch (error) {
  $("notices").replaceChildren(errorAlert(error));
  throw error;
}
