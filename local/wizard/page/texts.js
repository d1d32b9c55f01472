// Texts for API codes. New codes may be added to the API: an unknown code is displayed without underscores.

const lowerCase = (code) => String(code).replaceAll("_", " ").toLowerCase();
const capitalized = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const withArticle = (items) => listOf(items.map((item) => `the ${item}`));

/** A text for a code that has no text of its own, such as an asset's `why_not` or a connection's status. */
export const codeText = (code) => capitalized(lowerCase(code));

const REQUIREMENTS = { identity: "identity", pixel: "pixel", catalog: "catalog", app: "app", leadForm: "lead form" };
export const requirementName = (code) => REQUIREMENTS[code] ?? lowerCase(code);
export const requirementTitle = (code) => capitalized(requirementName(code));

const CHECK_STATES = {
  satisfied: { icon: "ok", label: "Found" },
  missing: { icon: "error", label: "Missing" },
  unknown: { icon: "unknown", label: "Could not verify" },
  not_required: { icon: "none", label: "Not required" },
};
export const checkState = (code) => CHECK_STATES[code] ?? { icon: "unknown", label: codeText(code) };

/** The state to display for a check. Without a token the API reports a missing identity although TikTok was not asked. */
export const displayedState = (check) => (check.reason === "no_token" ? "unknown" : check.status);

const RESPONSIBLE = {
  caller: "You",
  tiktok_account_owner: "The owner of the TikTok account",
  advertiser_admin: "An admin of the ad account",
  bc_admin: "An admin of the Business Center",
  tiktok: "TikTok. Wait and check again",
};
/** Who must act on a fix. */
export const responsible = (code) => RESPONSIBLE[code] ?? codeText(code);

const IDENTITY_TYPES = { TT_USER: "TikTok account", CUSTOMIZED_USER: "Custom identity" };
export const assetType = (code) => IDENTITY_TYPES[code] ?? codeText(code);
/** The same within a sentence: in lower case, except for the name TikTok. */
export const assetTypeInSentence = (code) => assetType(code).replace(/^(?!TikTok)./, (letter) => letter.toLowerCase());

const OBJECTIVES = { RF_REACH: "Reach and frequency" };
export const objectiveName = (code) => OBJECTIVES[code] ?? codeText(code);

export function listOf(items) {
  return new Intl.ListFormat("en", { type: "conjunction" }).format(items);
}

/** The time since an ISO timestamp, in one unit. */
export function duration(iso, now = Date.now()) {
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1000));
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

export const age = (iso) => `${duration(iso)} ago`;

/** The verdict of a publish check: its title, one of three, and an explanation in one sentence. */
export function verdictText(answer) {
  const missing = answer.missing.map(requirementName);
  const unknown = answer.unknown.map(requirementName);
  if (answer.ready) {
    const risk = answer.at_risk.length ? ` At risk: ${withArticle(answer.at_risk.map(requirementName))}.` : "";
    return { kind: "ready", icon: "ok", title: "Ready", text: `All prerequisites of this objective are met.${risk}` };
  }
  if (answer.reason === "no_token") {
    const text = "There is no usable TikTok connection, so nothing could be verified. Connect TikTok.";
    return { kind: "unverified", icon: "unknown", title: "Could not verify", text };
  }
  if (missing.length) {
    const unverified = unknown.length ? ` ${capitalized(withArticle(unknown))} could not be verified.` : "";
    const text = `TikTok reports that ${withArticle(missing)} ${missing.length > 1 ? "are" : "is"} missing.${unverified}`;
    return { kind: "not-ready", icon: "error", title: "Not ready", text };
  }
  const text = `${capitalized(withArticle(unknown))} could not be verified. Nothing is known to be missing.`;
  return { kind: "unverified", icon: "unknown", title: "Could not verify", text };
}
