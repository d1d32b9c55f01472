// The product's API, called as a foreign origin calls it, and the control of the simulated TikTok.

/** What the API refuses: problem+json, RFC 9457. */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail ?? body.title ?? `The API answered ${status}.`);
    Object.assign(this, { status, body, code: body.code ?? null, requestId: body.request_id ?? null });
  }
}

/** No answer at all, or none that this page may read. */
export class NoAnswer extends Error {
  constructor() {
    super("The API cannot be reached. Is the local stack still running? Nothing was changed by this page; try again.");
  }
}

export class Api {
  constructor(base, authorization) {
    Object.assign(this, { base, authorization });
  }

  get(path, parameters = {}) {
    const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value));
    return this.send("GET", query.size ? `${path}?${query}` : path);
  }

  post(path, body = {}, headers = {}) {
    return this.send("POST", path, { body: JSON.stringify(body), headers: { "Content-Type": "application/json", ...headers } });
  }

  delete(path) {
    return this.send("DELETE", path);
  }

  async send(method, path, { body, headers = {} } = {}) {
    let answer;
    try {
      answer = await fetch(this.base + path, {
        method, body, headers: { Authorization: this.authorization, ...headers }, cache: "no-store", credentials: "omit",
      });
    } catch {
      throw new NoAnswer();
    }
    const read = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Problem(answer.status, read);
    return read;
  }
}

/** The simulated TikTok's own control: faults, what it was asked, changes to its advertisers. */
export class Control {
  constructor(base) {
    this.base = base;
  }

  async send(method, path, body) {
    const headers = body ? { "Content-Type": "application/json" } : {};
    let answer;
    try {
      answer = await fetch(`${this.base}/${path}`, { method, headers, body: body && JSON.stringify(body), cache: "no-store" });
    } catch {
      throw new Error("The simulated TikTok’s control cannot be reached.");
    }
    const read = await answer.json();
    if (!answer.ok) throw new Error(read.error);
    return read;
  }

  async requests() {
    return (await this.send("GET", "requests")).requests;
  }
}
