// The list of TikTok connections that the user may see: their status and the advertisers they reach.

import { age, codeText, listOf } from "./texts.js";
import { $, confirmAction, errorAlert, h, icon, setBusy, showErrorNotice, showNotice } from "./ui.js";

const STATUSES = {
  active: { icon: "ok", label: "Connected" },
  expired: { icon: "error", label: "Expired, reconnect" },
  revoked: { icon: "none", label: "Disconnected" },
};
const MAX_NAMES = 3;

export class Connections {
  constructor(app) {
    this.app = app;
    this.requestNumber = 0;
    $("connect").addEventListener("click", () => app.connect($("connect")));
  }

  /** Remove the previous user's connections before those of the selected user are loaded. */
  switchUser() {
    $("connections-list").replaceChildren();
    this.showConnectButton(false);
    setBusy($("connect"), false);
    return this.refresh();
  }

  async refresh() {
    const number = (this.requestNumber += 1);
    let content;
    let connected = false;
    try {
      const connections = await this.app.api.getAll("/connections", "connections");
      connected = connections.some(({ user_id, status }) => user_id === this.app.user.user_id && status === "active");
      content = connections.length
        ? h("ul", { class: "connections" }, connections.map((connection) => this.row(connection)))
        : h("p", { class: "note" }, "No TikTok connections yet.");
    } catch (error) {
      content = errorAlert(error);
    }
    if (number !== this.requestNumber) return;
    this.showConnectButton(connected);
    const focused = document.activeElement?.closest("#connections-list li")?.dataset.user;
    $("connections-list").replaceChildren(content);
    if (focused) $("connections-list").querySelector(`li[data-user="${CSS.escape(focused)}"] button`)?.focus();
  }

  showConnectButton(connected) {
    $("connect").textContent = connected ? "Reconnect my TikTok account" : "Connect my TikTok account";
  }

  row(connection) {
    const { user_id: userId, status, advertiser_ids: advertiserIds, advertiser_count: count, connected_at: connectedAt, missing } = connection;
    const { user } = this.app;
    const own = userId === user.user_id;
    const active = status === "active";
    const { icon: iconName, label } = STATUSES[status] ?? { icon: "unknown", label: codeText(status) };
    const names = advertiserIds.slice(0, MAX_NAMES).map((id) => this.app.advertiserName(id));
    const more = count > MAX_NAMES ? [`${count - MAX_NAMES} more`] : [];
    const denied = (missing ?? []).flatMap(({ permissions }) => permissions.map(({ name }) => name.toLowerCase()));
    return h("li", { "data-user": userId, "data-status": status },
      icon(iconName),
      h("div", {},
        h("p", {}, h("strong", {}, own ? "You" : userId), `: ${label.toLowerCase()}`, active && connectedAt ? `, ${age(connectedAt)}` : ""),
        h("p", { class: "note" }, names.length ? `Advertisers: ${listOf([...names, ...more])}.` : "No advertisers."),
        denied.length && active ? h("p", { class: "note" }, `Permissions not granted: ${listOf(denied)}.`) : null,
      ),
      status !== "revoked" && (own || user.role === "owner")
        ? h("button", { type: "button", class: "quiet", "aria-label": `Disconnect ${own ? "my TikTok account" : userId}`, onclick: () => this.disconnect(userId, own) }, "Disconnect")
        : null,
    );
  }

  async disconnect(userId, own) {
    const title = own ? "Disconnect your TikTok account?" : `Disconnect the TikTok account of ${userId}?`;
    const text = "The connection is no longer used, and its access is revoked at TikTok. Identities and campaigns at TikTok are kept.";
    if (!(await confirmAction(title, text, "Disconnect"))) return;
    try {
      const { message } = await this.app.api.delete(`/connections/${encodeURIComponent(userId)}`);
      showNotice("success", "Done.", message);
    } catch (error) {
      showErrorNotice(error);
    }
    await this.refresh();
    $("connect").focus();
  }
}
