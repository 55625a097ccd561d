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

function live() {
  const address = document.body.dataset.live;
  if (!address) return;
  let source = null;
  let wait = 1_000;
  let retry = 0;

  const open = () => {
    clearTimeout(retry);
    if (source || document.hidden) return;
    source = new EventSource(address);
    source.addEventListener("version", ({ data }) => {
      if (JSON.parse(data) !== document.body.dataset.version) location.reload();
      wait = 1_000;
    });
    source.addEventListener("patch", ({ data }) => update(JSON.parse(data)));
    source.addEventListener("reshaped", refetch);
    source.addEventListener("error", () => {
      close();
      lost();
      retry = setTimeout(open, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    });
  };
  const close = () => {
    if (source) source.close();
    source = null;
  };
  // A hidden page costs the node nothing.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  open();
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

function lost() {
  const freshness = document.getElementById("freshness");
  if (!freshness || freshness.classList.contains("lost")) return;
  const text = `Connection lost · last update ${freshness.dataset.at} UTC, retrying`;
  freshness.className = "freshness lost";
  freshness.querySelector(".words").textContent = text;
  document.getElementById("status").textContent = text;
}

async function refetch() {
  const fresh = await fetched("main");
  if (fresh) patch(document.getElementById("main"), fresh);
}

// A part of this page as it is now; null while the connection is lost, which the live stream says.
async function fetched(id) {
  const response = await fetch(location.href).catch(() => null);
  if (!response) return null;
  if (!response.ok) location.reload(); // the GPU is gone: the server's page says so
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById(id);
  return fresh && document.adoptNode(fresh);
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
