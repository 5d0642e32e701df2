// Opens pages in the system's Chromium and says what it found, as JSON: what sticks out sideways, what was asked of the
// network, what axe-core objects to, what a reader aloud gets to hear. Jobs come on standard input, a list of
// {page, width, scheme, screenshot?}; NODE_PATH names the directory of axe-core and playwright-core.
"use strict";

const { readFileSync } = require("node:fs");
const { chromium } = require("playwright-core");
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND",
];

/** What the page itself can tell; runs in the page. */
function measured() {
  const brightness = (color) => {
    const [red, green, blue] = color.match(/[\d.]+/g).map(Number);
    return 0.3 * red + 0.59 * green + 0.11 * blue;
  };
  const texts = (root) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
      const words = walker.currentNode.textContent.trim();
      if (words) found.push([walker.currentNode.parentElement.closest("[lang]")?.lang ?? "", words]);
    }
    return found;
  };
  const style = getComputedStyle(document.body);
  const shown = [...document.querySelectorAll("body *")].filter((each) => each.getClientRects().length);
  return {
    window: innerWidth,
    content: document.documentElement.scrollWidth,
    isDark: matchMedia("(prefers-color-scheme: dark)").matches,
    paper: brightness(style.backgroundColor),
    ink: brightness(style.color),
    smallest: Math.min(...shown.map((each) => parseFloat(getComputedStyle(each).fontSize))),
    links: [...document.querySelectorAll("a")].map((each) => each.getAttribute("href")),
    lowestLink: Math.min(...[...document.querySelectorAll("a")].map((each) => each.getBoundingClientRect().height)),
    frames: [...document.querySelectorAll("iframe")].map((each) => each.title),
    text: document.body.innerText,
    spoken: texts(document.body),
  };
}

/** What a reader aloud gets, in its order: role and words. A link is said once, not again by its own text. */
async function heard(page) {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  const byId = new Map(nodes.map((each) => [each.nodeId, each]));
  const said = [];
  const walk = (id) => {
    const node = byId.get(id);
    if (node === undefined) return;
    const role = node.ignored ? "" : node.role?.value;
    if (["heading", "StaticText", "link", "Iframe"].includes(role)) {
      said.push([role, node.name?.value ?? ""]);
      return;
    }
    for (const child of node.childIds ?? []) walk(child);
  };
  walk(nodes[0].nodeId);
  return said;
}

/** Sizes of a printed page's sheets, in points, and how many there are. */
function sheets(pdf) {
  return [...pdf.toString("latin1").matchAll(/\/MediaBox\s*\[([^\]]*)\]/g)].map((each) => each[1].trim());
}

async function look(browser, job) {
  const context = await browser.newContext({
    viewport: { width: job.width, height: 900 }, colorScheme: job.scheme, bypassCSP: true,
  });
  const page = await context.newPage();
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(job.page);
  const found = await page.evaluate(measured);
  found.asked = asked.filter((url) => url !== job.page);
  found.heard = await heard(page);
  found.inFrames = [];
  for (const frame of page.frames().slice(1)) {
    found.inFrames.push(await frame.evaluate(() => ({
      tall: document.querySelector("main").getBoundingClientRect().bottom, height: innerHeight,
      wide: document.documentElement.scrollWidth, width: innerWidth,
    })));
  }
  if (job.screenshot) await page.screenshot({ path: job.screenshot, fullPage: true });
  found.sheets = sheets(await page.pdf({ preferCSSPageSize: true }));
  await page.evaluate(AXE);
  const judged = await page.evaluate(() => axe.run(document, { iframes: false }));
  found.rulesPassed = judged.passes.length;
  found.violations = judged.violations.map(
    (each) => `${each.id}: ${each.help}: ${each.nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`,
  );
  await context.close();
  return found;
}

async function main() {
  const jobs = JSON.parse(readFileSync(0, "utf8"));
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: FLAGS });
  try {
    const found = [];
    for (const job of jobs) found.push(await look(browser, job));
    process.stdout.write(JSON.stringify(found));
  } finally {
    await browser.close();
  }
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
