// Where the page begins: settings, who one is, the tabs, and the way back from TikTok.

import { Api, Control } from "./api.js";
import { Board } from "./board.js";
import { Connections } from "./connections.js";
import { $, atWork, h } from "./dom.js";
import { remember, remembered } from "./memory.js";
import { clearNotices, heading, notice, trouble } from "./notices.js";
import { Preflight } from "./preflight.js";
import { startTabs } from "./tabs.js";
import { Troubles } from "./troubles.js";

async function settings() {
  const answer = await fetch("/wizard/config.json", { cache: "no-store" });
  if (!answer.ok) throw new Error("The local stack is still starting. Reload in a few seconds.");
  return answer.json();
}

class App {
  constructor(config) {
    this.config = config;
    this.control = new Control(config.tiktok_control);
    this.preflight = new Preflight(this);
    this.connections = new Connections(this);
    this.board = new Board(this);
    this.troubles = new Troubles(this);
  }

  get person() {
    return this.config.people.find(({ user_id }) => user_id === $("person").value);
  }

  get api() {
    return new Api(this.config.api, this.person.authorization);
  }

  advertiserName(id) {
    return this.config.advertisers.find(({ advertiser_id }) => advertiser_id === id)?.name ?? id;
  }

  async start() {
    $("person").append(...this.config.people.map(({ user_id, title }) => h("option", { value: user_id }, title)));
    if (this.config.people.some(({ user_id }) => user_id === remembered.person)) $("person").value = remembered.person;
    $("person").addEventListener("change", () => {
      clearNotices();
      this.become();
    });
    startTabs((tab) => this.board.shown(tab === "board"));
    await this.preflight.start();
    this.board.start();
    await Promise.all([this.become(), this.troubles.start()]);
    await this.comeBack();
  }

  /** Be somebody else: nothing of what the last one saw stays. */
  async become() {
    remember({ person: this.person.user_id });
    $("person-note").textContent = this.person.note;
    this.preflight.become();
    this.board.become();
    await this.connections.become();
  }

  /** TikTok was told that this person connects; now they are back with ?tiktok=connected or ?tiktok=error&code=. */
  async comeBack() {
    const told = new URLSearchParams(location.search);
    if (!told.has("tiktok")) return;
    history.replaceState(null, "", location.pathname);
    if (told.get("tiktok") === "connected") {
      notice("good", "TikTok is connected.", "The preflight uses this connection from now on.");
    } else {
      const codes = this.config.return_codes;
      notice("bad", "TikTok is not connected.", codes[told.get("code")] ?? codes.internal_error);
    }
    if (remembered.asked) await this.preflight.run();
    else $("content").focus();
  }

  /** Leave for TikTok's consent page. */
  async connect(button) {
    const { person } = this;
    atWork(button, true);
    try {
      const { authorize_url: url } = await this.api.post("/connections");
      if (person === this.person) location.assign(url);
    } catch (error) {
      notice("bad", heading(error), error.message);
      atWork(button, false);
    }
  }
}

try {
  const app = new App(await settings());
  await app.start();
  document.documentElement.dataset.started = "yes";
} catch (error) {
  $("notices").replaceChildren(trouble(error));
  throw error;
}
