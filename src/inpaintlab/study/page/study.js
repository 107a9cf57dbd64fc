"use strict";

const CROSS = 800; // ms that the cross is shown before a limited exposure
const SETTLE = 400; // ms that a new pair takes no answer: the second half of a double click is none
const EARLY = 4; // ms before its end that an exposure may be cut, as frames come every 16 ms
const HOW = matchMedia("(hover: none)").matches ? "Tap a picture" : "Click a picture, or press an arrow key";
const RETRY = [1000, 2000, 4000, 8000]; // ms between attempts to save a vote

const at = (id) => document.getElementById(id);
const pair = at("pair");
const sides = { left: at("left"), right: at("right") };
const KEYS = { ArrowLeft: "left", ArrowUp: "left", ArrowRight: "right", ArrowDown: "right" };
const store = "inpaintlab-study-" + document.body.dataset.study;
const participant = findParticipant();
const SEEN = "seen-" + participant; // under this name: the last trial whose limited exposure has begun

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const frame = () => new Promise(requestAnimationFrame);

/* The address says who it is, or the browser remembers a random id. */
function findParticipant() {
  const address = new URL(location.href);
  const named = address.searchParams.get("participant") || remembered("participant");
  if (named) return named;
  const id = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (!remember("participant", id)) {
    address.searchParams.set("participant", id); // nothing can be stored: a reload finds it here
    history.replaceState(null, "", address);
  }
  return id;
}

function remembered(name) {
  try {
    return localStorage.getItem(store + "-" + name);
  } catch {
    return null;
  }
}

function remember(name, value) {
  try {
    localStorage.setItem(store + "-" + name, value);
    return true;
  } catch {
    return false;
  }
}

/* Only one section is there at a time; the phase is that of the trial. */
function enter(phase) {
  document.body.dataset.phase = phase;
  const section = ["ready", "looking", "choosing", "saving", "fetching"].includes(phase) ? "trial" : phase;
  for (const name of ["intro", "trial", "end", "trouble"]) at(name).hidden = name !== section;
  for (const side of Object.values(sides)) side.disabled = phase !== "choosing";
}

async function request(path, options) {
  const answer = await fetch(path, { cache: "no-store", ...options });
  if (!answer.ok) throw Object.assign(new Error(await answer.text()), { status: answer.status });
  return answer.json();
}

const getState = () => request("api/state?participant=" + encodeURIComponent(participant));

function showProgress(state) {
  at("bar").max = state.total;
  at("bar").value = state.answered;
  at("count").textContent = state.answered + " of " + state.total;
}

/* Before anything is shown both pictures are here and decoded. */
async function fetchPictures(trial) {
  const images = await Promise.all(
    ["left", "right"].map(async (side) => {
      const image = new Image();
      image.alt = "";
      image.draggable = false;
      image.src = trial[side];
      await image.decode();
      sides[side].querySelector("img")?.remove();
      sides[side].append(image);
      return image;
    }),
  );
  pair.style.setProperty("--ratio", images[0].naturalWidth / images[0].naturalHeight);
}

async function visible() {
  while (document.hidden) await new Promise((go) => document.addEventListener("visibilitychange", go, { once: true }));
}

/* Show the pair for so many seconds; return how long it was on the screen, from frame to frame. */
async function expose(seconds) {
  const start = await frame();
  pair.classList.add("shown");
  let now = start;
  while (now - start < seconds * 1000 - EARLY) now = await frame();
  pair.classList.remove("shown");
  return { start, shown: (now - start) / 1000 };
}

/* A reload does not show a limited pair again: the time it had is over. */
async function look(trial) {
  if (trial.exposure === null) {
    const start = await frame();
    pair.classList.add("shown");
    enter("looking");
    at("hint").textContent = HOW;
    await sleep(SETTLE);
    return { start, shown: null };
  }
  if (remembered(SEEN) === String(trial.number)) return { start: performance.now(), shown: null };
  enter("ready");
  at("hint").textContent = "Look at the cross";
  await sleep(CROSS);
  await visible();
  remember(SEEN, String(trial.number));
  enter("looking");
  at("hint").textContent = "";
  return expose(trial.exposure);
}

function choice() {
  return new Promise((resolve) => {
    const done = new AbortController();
    const choose = (side) => {
      done.abort();
      resolve(side);
    };
    for (const [side, button] of Object.entries(sides)) {
      button.addEventListener("click", () => choose(side), { signal: done.signal });
    }
    const press = (event) => {
      if (!(event.key in KEYS) || event.repeat || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      choose(KEYS[event.key]);
    };
    document.addEventListener("keydown", press, { signal: done.signal });
  });
}

/* The answer is the next state: a vote is on disk before another pair is known here. */
async function save(vote) {
  const body = JSON.stringify({ participant, ...vote });
  const options = { method: "POST", body, keepalive: true, headers: { "Content-Type": "application/json" } };
  for (let attempt = 0; ; attempt++) {
    try {
      return await request("api/vote", options);
    } catch (error) {
      if (error.status === 409) return getState();
      if (error.status < 500) throw error;
      at("hint").textContent = "Not saved yet. Trying again…";
      await sleep(RETRY[Math.min(attempt, RETRY.length - 1)]);
    }
  }
}

async function ask(trial) {
  pair.classList.remove("shown");
  enter("fetching");
  at("hint").textContent = "";
  await fetchPictures(trial);
  const { start, shown } = await look(trial);
  enter("choosing");
  if (trial.exposure !== null) at("hint").textContent = "Which one?";
  const side = await choice();
  const seconds = (performance.now() - start) / 1000;
  enter("saving");
  sides[side].setAttribute("aria-pressed", "true");
  const seen = trial.exposure === null ? seconds : shown;
  const next = await save({ number: trial.number, choice: side, shown: seen, seconds });
  sides[side].removeAttribute("aria-pressed");
  return next;
}

async function introduce(state) {
  at("intro-title").textContent = state.answered ? "Welcome back" : "Which picture?";
  at("intro-count").textContent = state.total - state.answered + (state.answered ? " more" : "");
  at("intro-unlimited").hidden = state.limited;
  at("intro-limited").hidden = !state.limited;
  at("start").textContent = state.answered ? "Go on" : "Start";
  enter("intro");
  await new Promise((go) => at("start").addEventListener("click", go, { once: true }));
}

async function run() {
  try {
    let state = await getState();
    showProgress(state);
    if (state.trial) await introduce(state);
    while (state.trial) {
      state = await ask(state.trial);
      showProgress(state);
    }
    at("end-count").textContent = state.total;
    enter("end");
    at("end-title").focus();
  } catch (error) {
    at("trouble-text").textContent =
      (error.status === 400 && error.message) || "Your earlier answers are saved. Check the connection, then go on.";
    enter("trouble");
  }
}

at("again").addEventListener("click", () => location.reload());
run();
