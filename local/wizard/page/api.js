// Clients of the publishing API (cross-origin, as in production) and of the TikTok simulator's control API.

const API_TIMEOUT_MS = 30_000; // API Gateway responds within 29 seconds
const CONTROL_TIMEOUT_MS = 3_000;
const PAGE_ROWS = 500;

/** An error response of the API: application/problem+json, RFC 9457. */
export class ApiProblem extends Error {
  constructor(status, body, retryAfter) {
    super(`${body.detail ?? body.title ?? `The API responded with HTTP ${status}.`}${retryAfter ? ` Retry-After: ${retryAfter} s.` : ""}`);
    Object.assign(this, { status, body, code: body.code ?? null, requestId: body.request_id ?? null });
  }
}

/** No response, or a response that cannot be read. */
export class NoResponse extends Error {
  constructor() {
    super("The API cannot be reached. Check that the local stack is running. It is safe to retry.");
  }
}

export class Api {
  constructor(baseUrl, authorization) {
    Object.assign(this, { baseUrl, authorization });
  }

  get(path, parameters = {}) {
    const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value));
    return this.send("GET", query.size ? `${path}?${query}` : path);
  }

  /** All rows of a list, whose responses have pages. */
  async getAll(path, name) {
    const rows = [];
    let token;
    do {
      // eslint-disable-next-line no-await-in-loop -- a page names the next one
      const page = await this.get(path, { limit: PAGE_ROWS, next_token: token });
      rows.push(...page[name]);
      token = page.next_token;
    } while (token);
    return rows;
  }

  post(path, body = {}, headers = {}) {
    return this.send("POST", path, { body: JSON.stringify(body), headers: { "Content-Type": "application/json", ...headers } });
  }

  delete(path) {
    return this.send("DELETE", path);
  }

  /** The response body as JSON. Throws ApiProblem or NoResponse. */
  async send(method, path, { body, headers = {} } = {}) {
    let response;
    try {
      response = await fetch(this.baseUrl + path, {
        method, body, headers: { Authorization: this.authorization, ...headers }, cache: "no-store", credentials: "omit",
        signal: AbortSignal.timeout(API_TIMEOUT_MS),
      });
    } catch {
      throw new NoResponse();
    }
    const json = await response.json().catch(() => null);
    if (!response.ok) throw new ApiProblem(response.status, json ?? {}, response.headers.get("Retry-After"));
    if (json === null) throw new NoResponse();
    return json;
  }
}

/** The control API of the TikTok simulator: its faults, its request log, and its advertisers. */
export class SimulatorControl {
  constructor(baseUrl) {
    this.baseUrl = baseUrl;
  }

  async send(method, path, body) {
    const headers = body ? { "Content-Type": "application/json" } : {};
    let response;
    let json;
    try {
      response = await fetch(`${this.baseUrl}/${path}`, {
        method, headers, body: body && JSON.stringify(body), cache: "no-store", signal: AbortSignal.timeout(CONTROL_TIMEOUT_MS),
      });
      json = await response.json();
    } catch {
      throw new Error("The control API of the TikTok simulator cannot be reached.");
    }
    if (!response.ok) throw new Error(json.error);
    return json;
  }

  /** The requests that the simulator received since its last reset. */
  async requests() {
    return (await this.send("GET", "requests")).requests;
  }
}
