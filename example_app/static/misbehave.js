"use strict";

// Makes the attempts that need a script, and shows the results of all attempts in the table: what
// the browser blocked, what it stored, and what the server reports. It is loaded in the head, so
// that it listens before the first image is requested.

const OUTCOME_URL = document.currentScript.dataset.outcome;
const ROUNDS = 5;
const PAUSE_MS = 400;

const blocked = new Map();

// Whether each thing that only a script can look up is in the browser.
const STORED = {
  _hjid: () => hasCookie("_hjid"),
  _clck: () => hasCookie("_clck"),
  ajs_user_id: () => "ajs_user_id" in localStorage,
  _hjSession_42: () => "_hjSession_42" in sessionStorage,
  visitors: async () => {
    const databases = await indexedDB.databases();
    return databases.some((database) => database.name === "visitors");
  },
  "tracker-pixels": () => caches.has("tracker-pixels"),
};

document.addEventListener("securitypolicyviolation", (event) => {
  const image = document.querySelector("img[data-third-party]");
  const name = event.blockedURI === "inline" ? "_gcl_au"
    : image && event.blockedURI === image.src ? "IDE"
    : null;
  if (name) {
    blocked.set(name, `Blocked by the browser: Content-Security-Policy, ${event.effectiveDirective}`);
    show(name, blocked.get(name));
  }
});

document.addEventListener("DOMContentLoaded", async () => {
  document.cookie = "_hjid=0b1c2d3e; path=/; max-age=600";
  localStorage.setItem("ajs_user_id", "visitor-42");
  sessionStorage._hjSession_42 = "visitor-42";
  indexedDB.open("visitors").onerror = (event) => event.preventDefault();
  caches.open("tracker-pixels").catch(() => {});
  writeInEmptyFrame("_clck=visitor-42; path=/; max-age=600");
  addInlineScript('document.cookie = "_gcl_au=1.1.42; path=/; max-age=7776000"');
  for (let round = 0; round < ROUNDS; round += 1) {
    await showFindings();
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
});

function addInlineScript(text) {
  const script = document.createElement("script");
  script.textContent = text;
  document.head.append(script);
}

function writeInEmptyFrame(cookie) {
  const frame = document.createElement("iframe");
  frame.hidden = true;
  document.body.append(frame);
  frame.contentDocument.cookie = cookie;
}

function hasCookie(name) {
  return document.cookie.split("; ").some((pair) => pair.startsWith(`${name}=`));
}

async function showFindings() {
  const response = await fetch(OUTCOME_URL);
  const findings = await response.json();
  for (const name of new Set([...Object.keys(findings), ...Object.keys(STORED)])) {
    show(name, [blocked.get(name), findings[name], await storageState(name)].filter(Boolean).join(". "));
  }
}

async function storageState(name) {
  if (!(name in STORED)) {
    return null;
  }
  if (await STORED[name]()) {
    return name === "_clck"
      ? "On localhost it stays in the browser for ten minutes; elsewhere the next page expires it"
      : "Stored in the browser";
  }
  return name === "_clck" ? "Expired in the browser" : "Not stored in the browser";
}

function show(name, text) {
  const cell = document.querySelector(`[data-attempt="${name}"]`);
  if (cell && text && cell.textContent !== `${text}.`) {
    cell.textContent = `${text}.`;
    cell.classList.add("known");
  }
}
