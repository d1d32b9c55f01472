// The drawer that makes the TikTok simulator fail, changes its data, and resets the demo.

import { NoResponse } from "./api.js";
import { $, clearNotices, confirmAction, h, showErrorNotice, showNotice } from "./ui.js";

const FAULTS = [
  { id: "rate-limit", title: "Rate limit on pixels", note: "Code 40100 from pixel/list/", fault: { path: "pixel/list/", kind: "code", code: 40100 } },
  { id: "hang", title: "Timeout on identities", note: "identity/get/ never responds", fault: { path: "identity/get/", kind: "hang", seconds: 30 } },
  { id: "http-500", title: "Server error on catalogs", note: "HTTP 500 from catalog/get/", fault: { path: "catalog/get/", kind: "http_status", status: 500 } },
  { id: "truncated", title: "Truncated JSON on apps", note: "Incomplete JSON from app/list/", fault: { path: "app/list/", kind: "truncated_json" } },
  { id: "non-json", title: "HTML on lead forms", note: "HTML instead of JSON from page/get/", fault: { path: "page/get/", kind: "non_json" } },
  { id: "scope", title: "No permission for pixels", note: "Code 40003 from pixel/list/", fault: { path: "pixel/list/", kind: "code", code: 40003 } },
  { id: "reset", title: "Connection resets", note: "Every request ends in a connection reset", fault: { path: "*", kind: "reset_before" } },
  { id: "all-500", title: "Server errors everywhere", note: "HTTP 500 from every endpoint", fault: { path: "*", kind: "http_status", status: 500 } },
  { id: "token-invalid", title: "Invalid token", note: "Code 40105 from every endpoint: the connection expires and must be renewed", fault: { path: "*", kind: "code", code: 40105 } },
];

const matches = (fault, candidate) => Object.entries(fault).every(([name, value]) => candidate[name] === value);

export class SimulatedFaults {
  constructor(app) {
    this.app = app;
    this.changes = 0;
    this.lastUpdate = Promise.resolve();
  }

  async start() {
    $("open-faults").addEventListener("click", () => ($("faults").hidden ? this.open() : this.close()));
    $("close-faults").addEventListener("click", () => this.close());
    $("faults").addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
    $("remove-pixels").addEventListener("click", () => this.removePixels());
    $("reset-demo").addEventListener("click", () => this.resetDemo());
    $("fault-switches").replaceChildren(...FAULTS.map(({ id, title, note }) => h("div", { class: "switch" },
      h("input", { type: "checkbox", role: "switch", id: `fault-${id}`, "aria-describedby": `fault-${id}-note`, onchange: () => this.update() }),
      h("label", { for: `fault-${id}` }, title),
      h("p", { id: `fault-${id}-note`, class: "note" }, note),
    )));
    await this.load();
  }

  open() {
    $("faults").hidden = false;
    document.body.classList.add("drawer-open");
    $("open-faults").setAttribute("aria-expanded", "true");
    $("faults-title").focus();
    this.load();
  }

  close() {
    $("faults").hidden = true;
    document.body.classList.remove("drawer-open");
    $("open-faults").setAttribute("aria-expanded", "false");
    $("open-faults").focus();
  }

  /** Show which faults are on in the simulator. Discard the response if the user changed a switch meanwhile. */
  async load() {
    await this.lastUpdate;
    const { changes } = this;
    try {
      const { faults } = await this.app.control.send("GET", "faults");
      if (changes !== this.changes) return;
      for (const { id, fault } of FAULTS) $(`fault-${id}`).checked = faults.some((candidate) => matches(fault, candidate));
      this.showCount();
    } catch (error) {
      this.showStatus(error.message);
    }
  }

  selected() {
    return FAULTS.filter(({ id }) => $(`fault-${id}`).checked);
  }

  showCount() {
    const { length } = this.selected();
    $("faults-count").hidden = length === 0;
    $("faults-count").textContent = `${length} on`;
  }

  showStatus(text) {
    $("faults-status").textContent = text;
  }

  /** Send updates one after another, so that the last change of a switch takes effect. */
  update() {
    this.changes += 1;
    this.lastUpdate = this.lastUpdate.then(() => this.send());
  }

  /** Replace the simulator's faults with the selected ones. */
  async send() {
    const selected = this.selected();
    try {
      await this.app.control.send("DELETE", "faults");
      // oxlint-disable-next-line no-await-in-loop -- the simulator applies faults in the order in which they arrive
      for (const { fault } of selected) await this.app.control.send("POST", "faults", fault);
      this.showStatus(selected.length ? `${selected.length} on.` : "All faults are off.");
    } catch (error) {
      this.showStatus(error.message);
    }
    this.showCount();
  }

  async removePixels() {
    const advertiser = $("advertiser").value;
    try {
      if (!advertiser) throw new Error("Select an advertiser first.");
      await this.app.control.send("PATCH", `advertisers/${advertiser}`, { pixels: [] });
      this.showStatus(`The pixels of ${this.app.advertiserName(advertiser)} were removed.`);
    } catch (error) {
      this.showStatus(error.message);
    }
  }

  async resetDemo() {
    const text = "This removes all faults, identities and connections that were added, for all users of this stack.";
    if (!(await confirmAction("Reset the demo?", text, "Reset"))) return;
    this.close(); // on a narrow window the drawer covers the notice
    try {
      const response = await fetch("/wizard/start-over", { method: "POST" }).catch(() => {
        throw new NoResponse();
      });
      if (!response.ok) throw new Error(`The local stack responded with HTTP ${response.status}.`);
      clearNotices();
      this.app.selections.save({ checked: false });
      showNotice("success", "The demo was reset.");
    } catch (error) {
      showErrorNotice(error);
    }
    await this.load();
    await this.app.switchUser();
  }
}
