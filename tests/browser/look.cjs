// Opens pages in the system's Chromium and says what it found, as JSON: what sticks out sideways, what was asked of the
// network, what axe-core objects to, what a reader aloud gets to hear. Jobs come on standard input, a list of
// {page, width, scheme, screenshot?, pdf?}; NODE_PATH names the directory of axe-core and playwright-core.
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
  };
}

/** What a reader aloud gets, in its order: role, words, and the language that holds there. */
async function heard(page) {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  return nodes
    .filter((each) => !each.ignored && ["heading", "StaticText", "link", "Iframe"].includes(each.role?.value))
    .map((each) => ({ role: each.role.value, name: each.name?.value ?? "" }));
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
  found.cut = [];
  for (const frame of page.frames().slice(1)) {
    const inner = await frame.evaluate(() => [document.documentElement.scrollHeight, innerHeight, document.documentElement.scrollWidth, innerWidth]);
    found.cut.push(inner);
  }
  if (job.screenshot) await page.screenshot({ path: job.screenshot, fullPage: true });
  if (job.pdf) await page.pdf({ path: job.pdf, format: "A4", preferCSSPageSize: true });
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
