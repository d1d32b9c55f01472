// Codes in people's words. Codes are open sets: one that is not here is shown as it is, without underscores.

const plain = (code) => String(code).replaceAll("_", " ").toLowerCase();
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

const REQUIREMENTS = { identity: "identity", pixel: "pixel", catalog: "catalog", app: "app", leadForm: "lead form" };
export const requirement = (code) => REQUIREMENTS[code] ?? plain(code);
export const Requirement = (code) => capital(requirement(code));

export const STATES = {
  satisfied: { icon: "yes", words: "There" },
  missing: { icon: "no", words: "Missing" },
  unknown: { icon: "unsure", words: "Could not verify" },
  not_required: { icon: "none", words: "Not needed" },
};
export const state = (code) => STATES[code] ?? { icon: "unsure", words: capital(plain(code)) };

/** A check's state as it is shown. Without a token the API calls the identity missing, though TikTok was not asked. */
export const stateOf = (check) => (check.reason === "no_token" ? "unknown" : check.status);

const WHO = {
  caller: "You",
  tiktok_account_owner: "The owner of the TikTok account",
  advertiser_admin: "An admin of the ad account",
  bc_admin: "An admin of the Business Center",
  tiktok: "TikTok; only time helps",
};
export const who = (code) => WHO[code] ?? capital(plain(code));

const TYPES = { TT_USER: "TikTok account", CUSTOMIZED_USER: "Custom identity" };
export const kind = (code) => TYPES[code] ?? capital(plain(code));
/** The same within a sentence, where TikTok keeps its capitals. */
export const kindWithin = (code) => kind(code).replace(/^(?!TikTok)./, (letter) => letter.toLowerCase());

const OBJECTIVES = { RF_REACH: "Reach and frequency" };
export const objective = (code) => OBJECTIVES[code] ?? capital(plain(code));
export const code = (value) => capital(plain(value));

export function list(items) {
  return new Intl.ListFormat("en", { type: "conjunction" }).format(items);
}

/** How long it has been so, in one unit. */
export function lasting(iso, now = Date.now()) {
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1000));
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

export const age = (iso) => `${lasting(iso)} ago`;

/** The verdict at a glance: one of three, and the sentence beneath. */
export function verdict(answer) {
  const missing = answer.missing.map(requirement);
  const unknown = answer.unknown.map(requirement);
  const the = (items) => list(items.map((item) => `the ${item}`));
  if (answer.ready) {
    const risk = answer.at_risk.length ? ` At risk: ${the(answer.at_risk.map(requirement))}.` : "";
    return { kind: "ready", icon: "yes", title: "Ready", text: `Everything that this objective needs is there.${risk}` };
  }
  if (answer.reason === "no_token") {
    const text = "No TikTok connection can be used, so nothing could be verified. Connect TikTok.";
    return { kind: "unsure", icon: "unsure", title: "Could not verify", text };
  }
  if (missing.length) {
    const open = unknown.length ? ` ${capital(the(unknown))} could not be verified.` : "";
    return { kind: "not-ready", icon: "no", title: "Not ready", text: `TikTok says: ${the(missing)} ${missing.length > 1 ? "are" : "is"} missing.${open}` };
  }
  const text = `TikTok did not say whether ${the(unknown)} ${unknown.length > 1 ? "are" : "is"} there. Nothing is known to be missing.`;
  return { kind: "unsure", icon: "unsure", title: "Could not verify", text };
}
