// A custom identity, created where it is missed: a name, an avatar if one likes.

import { atWork, h } from "./dom.js";
import { heading, notice, trouble } from "./notices.js";

const LONGEST = 40;
const LARGEST_BYTES = 4_500_000; // what a request can carry, base64 and all; the API says so too

/** As the API strips it: trim() would take a byte order mark too, which comes along with what is pasted from files. */
const stripped = (name) => name.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, "");

/** Counted as the API counts: code points of the stripped name in NFC. */
export const counted = (name) => [...stripped(name).normalize("NFC")].length;

/** What is kept of a name that is too long: whole characters, as a reader sees them. */
export function kept(name) {
  let cut = "";
  for (const { segment } of new Intl.Segmenter("en", { granularity: "grapheme" }).segment(stripped(name).normalize("NFC"))) {
    if ([...cut, ...segment].length > LONGEST) break;
    cut += segment;
  }
  return stripped(cut);
}

export function creation(app, advertiserId, close) {
  const name = h("input", { id: "identity-name", type: "text", required: true, autocomplete: "off", "aria-describedby": "identity-count identity-cut" });
  const count = h("span", { id: "identity-count", class: "count" }, `0 of ${LONGEST} characters`);
  const cut = h("p", { id: "identity-cut", class: "note", role: "status" });
  const picture = h("input", { id: "identity-picture", type: "file", accept: "image/png,image/jpeg", "aria-describedby": "identity-picture-note" });
  const preview = h("img", { class: "avatar", alt: "The middle of the chosen picture", width: "56", height: "56", hidden: true });
  const create = h("button", { type: "submit", class: "primary" }, "Create");
  const problems = h("div");
  const form = h("form", { class: "creation", "aria-label": "Create a custom identity", novalidate: true },
    h("label", { for: "identity-name" }, "Name that the ad shows"), name, count, cut,
    h("label", { for: "identity-picture" }, "Avatar (optional)"),
    h("div", { class: "picture" }, preview, picture),
    h("p", { id: "identity-picture-note", class: "note" }, "PNG or JPG. The square in its middle is used."),
    problems,
    h("div", { class: "actions" }, create, h("button", { type: "button", class: "plain", onclick: close }, "Cancel")),
  );
  const intent = new Intent();
  // Whoever opened the form creates, about what was asked then: both may be others by the time an answer comes.
  const { api, preflight } = app;
  const question = preflight.question();

  name.addEventListener("input", () => {
    const length = counted(name.value);
    const long = length > LONGEST;
    count.textContent = `${length} of ${LONGEST} characters`;
    count.classList.toggle("over", long);
    const said = long ? `Too long: the ad will show “${kept(name.value)}”.` : "";
    if (cut.textContent !== said) cut.textContent = said;
    name.removeAttribute("aria-invalid");
  });
  picture.addEventListener("change", () => {
    if (preview.src) URL.revokeObjectURL(preview.src);
    const [file] = picture.files;
    preview.hidden = !file;
    if (file) preview.src = URL.createObjectURL(file);
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!counted(name.value)) {
      name.setAttribute("aria-invalid", "true");
      problems.replaceChildren(trouble(new Error("Give the name that the ad should show.")));
      name.focus();
      return;
    }
    atWork(create, true);
    create.textContent = "Creating…";
    problems.replaceChildren();
    try {
      const image = await intent.uploaded(api, advertiserId, picture.files[0]);
      if (!form.isConnected) return;
      const body = { advertiser_id: advertiserId, display_name: name.value, ...(image ? { image_uri: image } : {}) };
      const made = await api.post("/identities", body, { "Idempotency-Key": intent.key(body) });
      const said = made.display_name_truncated ? ["Its name was too long and has been cut."] : [];
      notice("good", `“${made.display_name}” was created.`, [...said, ...made.warnings.map(({ message }) => message)].join(" "));
      if (question === preflight.question()) await preflight.again();
    } catch (error) {
      if (!form.isConnected) notice("bad", heading(error), error.message);
      problems.replaceChildren(trouble(error));
      atWork(create, false);
      create.textContent = "Create";
      if ((error.body?.errors ?? []).some(({ field }) => field === "display_name")) {
        name.setAttribute("aria-invalid", "true");
        name.focus();
      }
    }
  });
  return form;
}

/** What one wants created: pressed twice it is created once, and its picture uploaded once. */
class Intent {
  uploaded = async (api, advertiserId, file) => {
    if (!file) return null;
    if (this.file === file) return this.uri;
    if (file.size > LARGEST_BYTES) throw new Error("This picture is larger than a request can be. Take a smaller one.");
    const answer = await api.post("/identity-images", {
      advertiser_id: advertiserId, image_base64: await base64(file), crop: "center",
    });
    Object.assign(this, { file, uri: answer.image_uri });
    return this.uri;
  };

  /** The same for the same request, another for another. */
  key(body) {
    const wanted = JSON.stringify(body);
    if (this.wanted !== wanted) Object.assign(this, { wanted, name: crypto.randomUUID() });
    return this.name;
  }
}

function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(new Error("The picture cannot be read. Choose it again."));
    reader.readAsDataURL(file);
  });
}
