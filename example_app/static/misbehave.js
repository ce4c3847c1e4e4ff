"use strict";

// Makes the attempts of this page that need a script, and fills the table with what became of
// all of them: what the browser blocked, as it says so, and what the server found, as it tells.
// It stands in the head, so that it listens before the first image is asked for.

const OUTCOME_URL = document.currentScript.dataset.outcome;
const ROUNDS = 5;
const PAUSE_MS = 400;

const blocked = new Map();

document.addEventListener("securitypolicyviolation", (event) => {
  const image = document.querySelector("img[data-third-party]");
  const cookieName = event.blockedURI === "inline" ? "_gcl_au"
    : image && event.blockedURI === image.src ? "IDE"
    : null;
  if (cookieName) {
    blocked.set(cookieName, `Blocked by the browser: Content-Security-Policy, ${event.effectiveDirective}`);
    show(cookieName, blocked.get(cookieName));
  }
});

document.addEventListener("DOMContentLoaded", async () => {
  document.cookie = "_hjid=0b1c2d3e; path=/; max-age=600";
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

async function showFindings() {
  const response = await fetch(OUTCOME_URL);
  for (const [cookieName, finding] of Object.entries(await response.json())) {
    show(cookieName, [blocked.get(cookieName), finding, whereabouts(cookieName)].filter(Boolean).join(". "));
  }
}

// Only what a script wrote can be looked up by a script.
function whereabouts(cookieName) {
  if (cookieName !== "_hjid") {
    return null;
  }
  const kept = document.cookie.split("; ").some((pair) => pair.startsWith(`${cookieName}=`));
  return kept
    ? "On localhost it stays in the browser for ten minutes; elsewhere the next page sweeps it"
    : "Swept from the browser";
}

function show(cookieName, text) {
  const cell = document.querySelector(`[data-cookie="${cookieName}"]`);
  if (cell && cell.textContent !== `${text}.`) {
    cell.textContent = `${text}.`;
    cell.classList.add("known");
  }
}
