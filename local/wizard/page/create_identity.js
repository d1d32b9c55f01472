// The form that creates a custom identity from a display name and an optional avatar.

import { errorAlert, h, setBusy, showErrorNotice, showNotice } from "./ui.js";

const MAX_NAME_LENGTH = 40;
const MAX_IMAGE_BYTES = 4_500_000; // the limit of a request with a base64 image; the API enforces it too

/** Strip white space as the API does. String.trim() also removes a byte order mark, which the API keeps. */
const stripped = (name) => name.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, "");

/** The length of a name as the API counts it: code points of the stripped name in NFC. */
const nameLength = (name) => [...stripped(name).normalize("NFC")].length;

/** The part of a name that fits the limit. It is cut between grapheme clusters, so no visible character is split. */
function truncated(name) {
  let result = "";
  for (const { segment } of new Intl.Segmenter("en", { granularity: "grapheme" }).segment(stripped(name).normalize("NFC"))) {
    if ([...result, ...segment].length > MAX_NAME_LENGTH) break;
    result += segment;
  }
  return stripped(result);
}

export function createIdentityForm(app, advertiserId, close) {
  const name = h("input", { id: "identity-name", type: "text", required: true, autocomplete: "off", "aria-describedby": "identity-count identity-truncated" });
  const count = h("span", { id: "identity-count", class: "count" }, `0 of ${MAX_NAME_LENGTH} characters`);
  const truncation = h("p", { id: "identity-truncated", class: "note", role: "status" });
  const avatar = h("input", { id: "identity-avatar", type: "file", accept: "image/png,image/jpeg", "aria-describedby": "identity-avatar-note" });
  const preview = h("img", { class: "avatar", alt: "Preview of the avatar", width: "56", height: "56", hidden: true });
  const submit = h("button", { type: "submit", class: "primary" }, "Create");
  const errors = h("div");
  const form = h("form", { class: "create-identity", "aria-label": "Create a custom identity", novalidate: true },
    h("label", { for: "identity-name" }, "Display name"), name, count, truncation,
    h("label", { for: "identity-avatar" }, "Avatar (optional)"),
    h("div", { class: "picture" }, preview, avatar),
    h("p", { id: "identity-avatar-note", class: "note" }, "PNG or JPG. The image is cropped to a centered square."),
    errors,
    h("div", { class: "actions" }, submit, h("button", { type: "button", class: "secondary", onclick: close }, "Cancel")),
  );
  const requests = new CreateRequests();
  // The user and the question at the time the form was opened. Both may have changed when a response arrives.
  const { api, preflight } = app;
  const question = preflight.question();

  name.addEventListener("input", () => {
    const length = nameLength(name.value);
    const tooLong = length > MAX_NAME_LENGTH;
    count.textContent = `${length} of ${MAX_NAME_LENGTH} characters`;
    count.classList.toggle("over", tooLong);
    const text = tooLong ? `Too long. The ad will show “${truncated(name.value)}”.` : "";
    if (truncation.textContent !== text) truncation.textContent = text;
    name.removeAttribute("aria-invalid");
  });
  avatar.addEventListener("change", () => {
    if (preview.src) URL.revokeObjectURL(preview.src);
    const [file] = avatar.files;
    preview.hidden = !file;
    if (file) preview.src = URL.createObjectURL(file);
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!nameLength(name.value)) {
      name.setAttribute("aria-invalid", "true");
      errors.replaceChildren(errorAlert(new Error("Enter a display name.")));
      name.focus();
      return;
    }
    setBusy(submit, true);
    submit.textContent = "Creating…";
    errors.replaceChildren();
    try {
      const imageUri = await requests.upload(api, advertiserId, avatar.files[0]);
      if (!form.isConnected) return;
      const body = { advertiser_id: advertiserId, display_name: name.value, ...(imageUri ? { image_uri: imageUri } : {}) };
      const created = await api.post("/identities", body, { "Idempotency-Key": requests.idempotencyKey(body) });
      const notes = created.display_name_truncated ? ["The name was too long and was truncated."] : [];
      showNotice("success", `“${created.display_name}” was created.`, [...notes, ...created.warnings.map(({ message }) => message)].join(" "));
      if (question === preflight.question()) await preflight.checkAgain();
    } catch (error) {
      if (!form.isConnected) showErrorNotice(error);
      errors.replaceChildren(errorAlert(error));
      setBusy(submit, false);
      submit.textContent = "Create";
      if ((error.body?.errors ?? []).some(({ field }) => field === "display_name")) {
        name.setAttribute("aria-invalid", "true");
        name.focus();
      }
    }
  });
  return form;
}

/** Makes a repeated submission safe: it reuses the uploaded avatar and the idempotency key of the same request. */
class CreateRequests {
  /** The URI of the uploaded avatar, or null without a file. */
  async upload(api, advertiserId, file) {
    if (!file) return null;
    if (this.file === file) return this.imageUri;
    if (file.size > MAX_IMAGE_BYTES) throw new Error("This image is too large. Choose a smaller one.");
    const response = await api.post("/identity-images", {
      advertiser_id: advertiserId, image_base64: await base64(file), crop: "center",
    });
    Object.assign(this, { file, imageUri: response.image_uri });
    return this.imageUri;
  }

  /** The same key for the same request body, and a new key for another body. */
  idempotencyKey(body) {
    const json = JSON.stringify(body);
    if (this.json !== json) Object.assign(this, { json, key: crypto.randomUUID() });
    return this.key;
  }
}

function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result.slice(reader.result.indexOf(",") + 1)));
    reader.addEventListener("error", () => reject(new Error("The image cannot be read. Choose it again.")));
    reader.readAsDataURL(file);
  });
}
