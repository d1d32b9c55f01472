// Whose TikTok is connected, and what it reaches.

import { confirmed } from "./confirm.js";
import { $, atWork, h, icon } from "./dom.js";
import { heading, notice, trouble } from "./notices.js";
import * as words from "./words.js";

const STATES = {
  active: { icon: "yes", words: "Connected" },
  expired: { icon: "no", words: "Has ended: connect again" },
  revoked: { icon: "none", words: "Disconnected" },
};

export class Connections {
  constructor(app) {
    this.app = app;
    this.asking = 0;
    $("connect").addEventListener("click", () => app.connect($("connect")));
  }

  /** Somebody else looks: they see their own connection. */
  become() {
    $("connections-list").replaceChildren();
    $("connect").textContent = "Connect my TikTok";
    atWork($("connect"), false);
    return this.refresh();
  }

  async refresh() {
    const number = (this.asking += 1);
    let shown;
    let own = false;
    try {
      const { connections } = await this.app.api.get("/connections");
      own = connections.some(({ user_id, status }) => user_id === this.app.person.user_id && status === "active");
      shown = connections.length
        ? h("ul", { class: "connections" }, connections.map((one) => this.row(one)))
        : h("p", { class: "note" }, "Nobody has connected TikTok here yet.");
    } catch (error) {
      shown = trouble(error);
    }
    if (number !== this.asking) return;
    $("connect").textContent = own ? "Connect my TikTok again" : "Connect my TikTok";
    const focused = document.activeElement?.closest("#connections-list li")?.dataset.user;
    $("connections-list").replaceChildren(shown);
    if (focused) $("connections-list").querySelector(`li[data-user="${CSS.escape(focused)}"] button`)?.focus();
  }

  row(connection) {
    const { user_id: user, status, advertiser_ids: reached, connected_at: since, missing } = connection;
    const { person } = this.app;
    const mine = user === person.user_id;
    const state = STATES[status] ?? { icon: "unsure", words: words.code(status) };
    const names = reached.slice(0, 3).map((id) => this.app.advertiserName(id));
    const more = reached.length > 3 ? [`${reached.length - 3} more`] : [];
    const lacks = (missing ?? []).flatMap(({ permissions }) => permissions.map(({ name }) => name.toLowerCase()));
    return h("li", { "data-user": user, "data-status": status },
      icon(state.icon),
      h("div", {},
        h("p", {}, h("strong", {}, mine ? "You" : user), `: ${state.words.toLowerCase()}`, status === "active" && since ? `, ${words.age(since)}` : ""),
        h("p", { class: "note" }, names.length ? `Reaches ${words.list([...names, ...more])}.` : "Reaches no advertiser."),
        lacks.length && status === "active" ? h("p", { class: "note" }, `Was not allowed: ${words.list(lacks)}.`) : null,
      ),
      status !== "revoked" && (mine || person.role === "owner")
        ? h("button", { type: "button", class: "quiet", "aria-label": `Disconnect ${mine ? "my TikTok" : user}`, onclick: () => this.disconnect(user, mine) }, "Disconnect")
        : null,
    );
  }

  async disconnect(user, mine) {
    const title = mine ? "Disconnect your TikTok?" : `Disconnect the TikTok of ${user}?`;
    const text = "It is not used any more from then on, and revoked at TikTok. Identities and campaigns there stay.";
    if (!(await confirmed(title, text, "Disconnect"))) return;
    try {
      const { message } = await this.app.api.delete(`/connections/${encodeURIComponent(user)}`);
      notice("good", "Done.", message);
    } catch (error) {
      notice("bad", heading(error), error.message);
    }
    await this.refresh();
    $("connect").focus();
  }
}
