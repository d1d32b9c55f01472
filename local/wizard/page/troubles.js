// The drawer that makes the simulated TikTok go wrong.

import { NoAnswer } from "./api.js";
import { confirmed } from "./confirm.js";
import { $, h } from "./dom.js";
import { clearNotices, heading, notice } from "./notices.js";
import { remember } from "./memory.js";

const TROUBLES = [
  { id: "rate-limit", title: "Too many requests for pixels", note: "Code 40100 at pixel/list/", fault: { path: "pixel/list/", kind: "code", code: 40100 } },
  { id: "hang", title: "Silence about identities", note: "identity/get/ never answers", fault: { path: "identity/get/", kind: "hang", seconds: 30 } },
  { id: "http-500", title: "Catalogs fail", note: "HTTP 500 at catalog/get/", fault: { path: "catalog/get/", kind: "http_status", status: 500 } },
  { id: "truncated", title: "Apps break off", note: "JSON that ends in the middle at app/list/", fault: { path: "app/list/", kind: "truncated_json" } },
  { id: "non-json", title: "Lead forms are a web page", note: "HTML instead of JSON at page/get/", fault: { path: "page/get/", kind: "non_json" } },
  { id: "scope", title: "No permission for pixels", note: "Code 40003 at pixel/list/", fault: { path: "pixel/list/", kind: "code", code: 40003 } },
  { id: "reset", title: "Connections break", note: "Every request ends in a connection reset", fault: { path: "*", kind: "reset_before" } },
  { id: "all-500", title: "Everything fails", note: "HTTP 500 everywhere", fault: { path: "*", kind: "http_status", status: 500 } },
  { id: "token-dead", title: "The token is dead", note: "Code 40105 everywhere: the connection has ended, and has to be made again", fault: { path: "*", kind: "code", code: 40105 } },
];

const same = (one, other) => Object.entries(one).every(([name, value]) => other[name] === value);

export class Troubles {
  constructor(app) {
    this.app = app;
    this.switched = 0;
    this.sent = Promise.resolve();
  }

  async start() {
    $("open-troubles").addEventListener("click", () => ($("troubles").hidden ? this.open() : this.close()));
    $("close-troubles").addEventListener("click", () => this.close());
    $("troubles").addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
    $("take-pixels").addEventListener("click", () => this.takePixels());
    $("start-over").addEventListener("click", () => this.startOver());
    $("faults").replaceChildren(...TROUBLES.map(({ id, title, note }) => h("div", { class: "switch" },
      h("input", { type: "checkbox", role: "switch", id: `fault-${id}`, "aria-describedby": `fault-${id}-note`, onchange: () => this.change() }),
      h("label", { for: `fault-${id}` }, title),
      h("p", { id: `fault-${id}-note`, class: "note" }, note),
    )));
    await this.read();
  }

  open() {
    $("troubles").hidden = false;
    document.body.classList.add("drawer-open");
    $("open-troubles").setAttribute("aria-expanded", "true");
    $("troubles-title").focus();
    this.read();
  }

  close() {
    $("troubles").hidden = true;
    document.body.classList.remove("drawer-open");
    $("open-troubles").setAttribute("aria-expanded", "false");
    $("open-troubles").focus();
  }

  /** Show what is on, whoever switched it; not over what is switched here meanwhile. */
  async read() {
    await this.sent;
    const { switched } = this;
    try {
      const { faults } = await this.app.control.send("GET", "faults");
      if (switched !== this.switched) return;
      for (const { id, fault } of TROUBLES) $(`fault-${id}`).checked = faults.some((one) => same(fault, one));
      this.count();
    } catch (error) {
      $("troubles-said").textContent = error.message;
    }
  }

  count() {
    const on = TROUBLES.filter(({ id }) => $(`fault-${id}`).checked).length;
    $("troubles-count").hidden = on === 0;
    $("troubles-count").textContent = `${on} on`;
    return on;
  }

  /** One after the other, so that what is switched last is what stays. */
  change() {
    this.switched += 1;
    this.sent = this.sent.then(() => this.send());
  }

  /** What is switched on here, and nothing else. */
  async send() {
    const on = TROUBLES.filter(({ id }) => $(`fault-${id}`).checked);
    try {
      await this.app.control.send("DELETE", "faults");
      for (const { fault } of on) await this.app.control.send("POST", "faults", fault);
      $("troubles-said").textContent = on.length ? `${on.length} switched on.` : "Everything answers as it should.";
    } catch (error) {
      $("troubles-said").textContent = error.message;
    }
    this.count();
  }

  async takePixels() {
    const advertiser = $("advertiser").value;
    try {
      if (!advertiser) throw new Error("Choose an advertiser first.");
      await this.app.control.send("PATCH", `advertisers/${advertiser}`, { pixels: [] });
      $("troubles-said").textContent = `${this.app.advertiserName(advertiser)} has no pixel any more.`;
    } catch (error) {
      $("troubles-said").textContent = error.message;
    }
  }

  async startOver() {
    const text = "Faults, identities and connections that came later are gone, for everybody who looks at this stack.";
    if (!(await confirmed("Start the demo over?", text, "Start over"))) return;
    this.close(); // a narrow one covers what is said of it
    try {
      const answer = await fetch("/wizard/start-over", { method: "POST" }).catch(() => {
        throw new NoAnswer();
      });
      if (!answer.ok) throw new Error(`The local stack answered ${answer.status}.`);
      clearNotices();
      remember({ asked: false });
      notice("good", "The demo starts over.");
    } catch (error) {
      notice("bad", heading(error), error.message);
    }
    await this.read();
    await this.app.become();
  }
}
