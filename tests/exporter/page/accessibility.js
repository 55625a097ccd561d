// Returns one line per thing that is wrong with the page.
(() => {
  const wrong = [];
  const all = (selector) => [...document.querySelectorAll(selector)];
  const where = (element) => `${element.nodeName.toLowerCase()}#${element.id}.${element.getAttribute("class")}`;
  const must = (selector, holds, what) =>
    all(selector)
      .filter((element) => !holds(element))
      .forEach((element) => wrong.push(`${where(element)}: ${what}`));
  const label = (element) => {
    const by = (element.getAttribute("aria-labelledby") || "").split(" ").filter(Boolean);
    const text = by.map((id) => document.getElementById(id)?.textContent || "").join(" ");
    return (text || element.getAttribute("aria-label") || element.textContent || "").trim();
  };

  must("a[href], button, summary, input", label, "has no name");
  must("svg[role=img], nav, [role=region], main > section", label, "has no name");
  must("svg:not([role=img]):not([aria-hidden=true]):not(svg svg)", () => false, "is neither a picture nor hidden");
  must("table", (table) => table.querySelector("thead th[scope=col]"), "has no column headers");
  must("table", (table) => table.caption || label(table.closest("[role=region]") || document.body) , "has no caption");
  must("tbody tr", (row) => row.querySelector("th[scope=row]"), "has no row header");
  must("[style]", () => false, "has an inline style");
  must(".state-ok, .state-hung", (element) => element.textContent.trim(), "tells a state by colour alone");

  const ids = all("[id]").map((element) => element.id);
  ids.filter((id, place) => ids.indexOf(id) !== place).forEach((id) => wrong.push(`two elements are #${id}`));
  for (const selector of ["main", "h1", "header.banner", "footer"]) {
    if (all(selector).length !== 1) wrong.push(`there are ${all(selector).length} of ${selector}`);
  }
  if (!document.documentElement.lang) wrong.push("the page has no language");
  all("h1, h2, h3").reduce((level, heading) => {
    const next = Number(heading.nodeName[1]);
    if (next > level + 1) wrong.push(`${heading.textContent}: a level is skipped`);
    return next;
  }, 0);

  // Contrast of every text as it is painted (WCAG 2.2, 1.4.3).
  const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
  const opaque = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const [red, green, blue, alpha = 1] = channels(getComputedStyle(at).backgroundColor);
      if (alpha === 1) return [red, green, blue];
    }
    return channels(getComputedStyle(document.documentElement).backgroundColor);
  };
  const luminance = (colour) => {
    const [red, green, blue] = colour
      .slice(0, 3)
      .map((channel) => channel / 255)
      .map((channel) => (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || element.closest(".unseen, title, desc")) continue;
    const style = getComputedStyle(element);
    const ink = element.closest("svg") ? style.fill : style.color;
    const [low, high] = [luminance(channels(ink)), luminance(opaque(element))].sort((a, b) => a - b);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5) wrong.push(`${where(element)} "${texts.currentNode.data}": contrast ${ratio.toFixed(2)}`);
  }
  return wrong;
})();
