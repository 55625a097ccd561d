// What the page needs of a browser: the theme, live updates, and the cursor of charts. Without it the page still reads.
"use strict";

// -- theme: what the system says, or what was chosen and remembered -------------------------------------------------

const THEMES = { auto: "Auto", light: "Light", dark: "Dark" };

function remembered() {
  try {
    return localStorage.getItem("gpuvitals.theme") || "auto";
  } catch {
    return "auto"; // storage may be forbidden
  }
}

function applyTheme(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

applyTheme(remembered());

function offerThemes() {
  const button = document.getElementById("theme");
  let theme = remembered();
  const show = () => {
    button.textContent = THEMES[theme];
    button.setAttribute("aria-label", `Colour theme: ${THEMES[theme]}. Change`);
    button.dataset.theme = theme;
  };
  button.addEventListener("click", () => {
    const names = Object.keys(THEMES);
    theme = names[(names.indexOf(theme) + 1) % names.length];
    applyTheme(theme);
    show();
    try {
      localStorage.setItem("gpuvitals.theme", theme);
    } catch {
      // It holds until the page is left.
    }
  });
  button.hidden = false;
  show();
}

// -- patching: the tree becomes like the new one, and only what differs is touched: focus, scroll and hover stay -----

function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.firstChild;
}

const theirs = (node) => [...node.childNodes].filter((child) => !(child.dataset && "ours" in child.dataset));

function patch(old, fresh) {
  if (old.nodeName !== fresh.nodeName || old.id !== fresh.id) {
    old.replaceWith(fresh);
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  patchAttributes(old, fresh);
  const before = theirs(old);
  const after = [...fresh.childNodes];
  after.forEach((child, place) => (before[place] ? patch(before[place], child) : old.append(child)));
  before.slice(after.length).forEach((child) => child.remove());
}

function patchAttributes(old, fresh) {
  for (const { name, value } of [...fresh.attributes]) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const { name } of [...old.attributes]) {
    // Which details are open is the reader's choice.
    if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
}

// -- live: server-sent events while somebody looks -------------------------------------------------------------------

const LONGEST_WAIT = 10_000;
// The server says something every second. One that is frozen, or behind a cable that was pulled, closes nothing:
// its silence is all there is to notice.
const PATIENCE = 5_000;

function live() {
  const address = document.body.dataset.live;
  if (!address) return;
  let source = null;
  let wait = 1_000;
  let retry = 0;
  let refused = false;
  let opened = 0;
  let heard = performance.now();

  const open = () => {
    clearTimeout(retry);
    if (source || document.hidden) return;
    source = new EventSource(address);
    opened = performance.now();
    source.addEventListener("version", ({ data }) => {
      if (JSON.parse(data) !== document.body.dataset.version) location.reload();
      wait = 1_000;
    });
    // Not the version: it tells of a server that answers, not of a page that is drawn.
    hear("patch", ({ data }) => update(JSON.parse(data)));
    hear("reshaped", refetch);
    hear("beat", () => {});
    source.addEventListener("error", () => {
      close();
      refused = true;
      lost("Connection lost");
      retry = setTimeout(open, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    });
  };
  const hear = (name, answer) =>
    source.addEventListener(name, (message) => {
      heard = performance.now();
      refused = false;
      answer(message);
    });
  const close = () => {
    if (source) source.close();
    source = null;
  };
  const watch = () => {
    if (!source) return;
    const now = performance.now();
    if (now - Math.max(heard, opened) > PATIENCE) {
      close();
      refused = false;
      open();
    } else if (now - heard < PATIENCE || refused) return;
    lost(`No answer for ${duration(now - heard)}`);
  };
  const show = () => {
    if (document.hidden) {
      close();
      return;
    }
    if (performance.now() - heard > PATIENCE) say("waiting", "Connecting");
    open();
  };
  // A hidden page costs the node nothing.
  document.addEventListener("visibilitychange", show);
  addEventListener("pagehide", close);
  addEventListener("pageshow", show);
  setInterval(watch, 1_000);
  open();
}

function duration(milliseconds) {
  const seconds = Math.floor(milliseconds / 1_000);
  return seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`;
}

function update(fragments) {
  for (const [id, html] of Object.entries(fragments)) {
    const old = document.getElementById(id);
    if (!old) {
      refetch();
      return;
    }
    patch(old, parse(html));
  }
}

// Said aloud once, not with every second that it lasts.
function lost(what) {
  const freshness = document.getElementById("freshness");
  const before = freshness && freshness.classList.contains("lost");
  const text = say("lost", what, ", retrying");
  if (text && !before) document.getElementById("status").textContent = text;
}

// In place of an age that nobody can know now: when the page was last told something.
function say(manner, what, more = "") {
  const freshness = document.getElementById("freshness");
  if (!freshness) return "";
  const text = `${what} · last update ${freshness.dataset.at} UTC${more}`;
  freshness.className = `freshness ${manner}`;
  freshness.querySelector(".words").textContent = text;
  return text;
}

async function refetch() {
  const fresh = await fetched("main");
  if (fresh) patch(document.getElementById("main"), fresh);
}

// A part of this page as it is now; null while the connection is lost, which the live stream says.
async function fetched(id) {
  try {
    // A server that never answers must not collect requests until none is left for the stream.
    const response = await fetch(location.href, { signal: AbortSignal.timeout(LONGEST_WAIT) });
    if (!response.ok) location.reload(); // the GPU is gone: the server's page says so
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById(id);
    return fresh && document.adoptNode(fresh);
  } catch {
    return null;
  }
}

// -- charts: fetched again at their own pace; a cursor for pointer and keyboard --------------------------------------

function refreshCharts() {
  const charts = document.getElementById("charts");
  if (!charts) return;
  setInterval(async () => {
    if (document.hidden) return;
    const fresh = await fetched("charts");
    if (!fresh) return;
    patch(charts, fresh);
    charts.querySelectorAll(".chart").forEach(addCursor);
  }, charts.dataset.refresh * 1_000);
}

const lines = (chart) =>
  [...chart.querySelectorAll(".legend li")].map((item) => ({
    start: Number(item.dataset.start),
    step: Number(item.dataset.step),
    values: item.dataset.values.split(","),
    output: item.querySelector("output"),
  }));

const UTC = new Intl.DateTimeFormat("en-GB", {
  timeZone: "UTC",
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

function addCursor(chart) {
  const plot = chart.querySelector(".plot");
  const title = chart.querySelector("h3").textContent;
  if (plot.querySelector(".cursor")) {
    point(chart, plot);
    return;
  }
  const slider = document.createElement("input");
  Object.assign(slider, { type: "range", className: "cursor", min: 0, max: 1_000, step: 1, value: 1_000 });
  slider.dataset.ours = "";
  slider.setAttribute("aria-label", `Cursor of ${title}`);
  const mark = document.createElement("div");
  mark.className = "crosshair";
  mark.dataset.ours = "";
  mark.hidden = true;
  plot.append(mark, slider);

  const at = ({ clientX }) => {
    const box = slider.getBoundingClientRect();
    return Math.round(Math.min(Math.max((clientX - box.left) / box.width, 0), 1) * 1_000);
  };
  const move = (place) => {
    slider.value = place;
    slider.dataset.cursor = place;
    point(chart, plot);
  };
  const leave = () => {
    if (document.activeElement === slider && slider.matches(":focus-visible")) return;
    delete slider.dataset.cursor;
    point(chart, plot);
  };
  slider.addEventListener("pointermove", (moved) => move(at(moved)));
  slider.addEventListener("pointerleave", leave);
  slider.addEventListener("input", () => move(slider.value));
  slider.addEventListener("focus", () => slider.matches(":focus-visible") && move(slider.value));
  slider.addEventListener("blur", () => {
    delete slider.dataset.cursor;
    point(chart, plot);
  });
  slider.addEventListener("keydown", (pressed) => step(pressed, chart, slider, move));
}

// One arrow press is one point of the finest line; Escape lets the cursor go.
function step(pressed, chart, slider, move) {
  const direction = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[pressed.key];
  if (pressed.key === "Escape") slider.blur();
  if (!direction) return;
  pressed.preventDefault();
  const span = chart.dataset.end - chart.dataset.start;
  const finest = Math.min(...lines(chart).map((line) => line.step));
  const jump = Math.max(1, Math.round((finest / span) * 1_000)) * (pressed.shiftKey ? 10 : 1);
  move(Math.min(Math.max(Number(slider.value) + direction * jump, 0), 1_000));
}

function point(chart, plot) {
  const mark = plot.querySelector(".crosshair");
  const slider = plot.querySelector(".cursor");
  const place = slider.dataset.cursor;
  const heading = chart.querySelector(".moment");
  mark.hidden = place === undefined;
  if (place === undefined) {
    chart.querySelectorAll(".legend output").forEach((output) => (output.textContent = output.dataset.last));
    heading.textContent = "";
    return;
  }
  const start = Number(chart.dataset.start);
  const moment = start + ((chart.dataset.end - start) * place) / 1_000;
  mark.style.left = `calc(${slider.offsetLeft}px + ${(slider.offsetWidth * place) / 1_000}px)`;
  heading.textContent = `${UTC.format(moment * 1_000)} UTC`;
  const said = lines(chart).map((line) => read(line, moment, chart));
  slider.setAttribute("aria-valuetext", `${heading.textContent}: ${said.join(", ")}`);
}

function read({ start, step, values, output }, moment, chart) {
  const value = values[Math.floor((moment - start) / step)];
  const unit = chart.querySelector(".legend").dataset.unit;
  output.textContent = value ? `${value}\u00a0${unit}` : "–";
  return `${output.previousElementSibling.textContent} ${output.textContent}`;
}

// ----------------------------------------------------------------------------------------------------------------------

document.addEventListener("DOMContentLoaded", () => {
  offerThemes();
  document.querySelectorAll(".chart").forEach(addCursor);
  refreshCharts();
  live();
});
