// Two tabs, as the ARIA authoring practices describe them: arrows move, Home and End too.

import { $ } from "./dom.js";
import { remember, remembered } from "./memory.js";

const NAMES = ["preflight", "board"];

export function startTabs(shown) {
  const tabs = NAMES.map((name) => $(`tab-${name}`));
  const show = (name) => {
    for (const one of NAMES) {
      $(`tab-${one}`).setAttribute("aria-selected", String(one === name));
      $(`tab-${one}`).tabIndex = one === name ? 0 : -1;
      $(`panel-${one}`).hidden = one !== name;
    }
    remember({ tab: name });
    shown(name);
  };
  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => show(NAMES[index]));
    tab.addEventListener("keydown", (event) => {
      const to = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: tabs.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      const next = (to + tabs.length) % tabs.length;
      tabs[next].focus();
      show(NAMES[next]);
    });
  });
  show(NAMES.includes(remembered.tab) ? remembered.tab : NAMES[0]);
}
