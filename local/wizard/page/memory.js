// What is chosen, kept for as long as the tab lives: also while its person is away at TikTok.

const KEY = "wevion-wizard";

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) ?? {};
  } catch {
    return {}; // storage is switched off, or holds what is not ours
  }
}

export const remembered = read();

export function remember(changes) {
  Object.assign(remembered, changes);
  try {
    sessionStorage.setItem(KEY, JSON.stringify(remembered));
  } catch {
    // Storage is switched off: then nothing is restored on the way back.
  }
}
