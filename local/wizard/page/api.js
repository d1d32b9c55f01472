// The product's API, called as a foreign origin calls it, and the control of the simulated TikTok.

const ANSWER_MS = 30_000; // API Gateway answers within 29 seconds, whatever happens behind it
const CONTROL_MS = 3_000;

/** What the API refuses: problem+json, RFC 9457. */
export class Problem extends Error {
  constructor(status, body, retryAfter) {
    super(`${body.detail ?? body.title ?? `The API answered ${status}.`}${retryAfter ? ` Retry-After: ${retryAfter} s.` : ""}`);
    Object.assign(this, { status, body, code: body.code ?? null, requestId: body.request_id ?? null });
  }
}

/** No answer at all, or none that this page may read. */
export class NoAnswer extends Error {
  constructor() {
    super("The API cannot be reached. Is the local stack still running? It is safe to try again.");
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
        signal: AbortSignal.timeout(ANSWER_MS),
      });
    } catch {
      throw new NoAnswer();
    }
    const read = await answer.json().catch(() => null);
    if (!answer.ok) throw new Problem(answer.status, read ?? {}, answer.headers.get("Retry-After"));
    if (read === null) throw new NoAnswer();
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
    let read;
    try {
      answer = await fetch(`${this.base}/${path}`, {
        method, headers, body: body && JSON.stringify(body), cache: "no-store", signal: AbortSignal.timeout(CONTROL_MS),
      });
      read = await answer.json();
    } catch {
      throw new Error("The simulated TikTok’s control cannot be reached.");
    }
    if (!answer.ok) throw new Error(read.error);
    return read;
  }

  async requests() {
    return (await this.send("GET", "requests")).requests;
  }
}
