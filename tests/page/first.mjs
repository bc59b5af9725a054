/*
 * first: the first five minutes on the page, from opening it to the first answer, as a person lives them who has just installed hearth.
 *
 *     node first.mjs CHROMIUM ADDRESS try|fetch|found [SHOTS_FOLDER]
 *
 * `try` asks the built-in model, `fetch` takes the one that is recommended, `found` the one that another program has on the disk. Each
 * thing that the person does is an action, opening the page the first; a download's time is not counted. Prints TAP; the seconds are
 * said and nothing fails by them, since the machine may be busy.
 */
import { chromium } from "playwright-core";

const [program, address, way, shots] = process.argv.slice(2);
const PATIENCE = 280000;
const jargon = /token|quanti|gguf|context|parameter|inference|weights|\bQ\d|\bGPU\b|\bAPI\b/i;
let cases = 0, failures = 0, actions = 0, fetching = 0;
const began = performance.now();

function check(name, holds, more = "") {
	cases++;
	if (!holds) failures++;
	console.log((holds ? "ok " : "not ok ") + cases + " - the first minutes, " + way + ": " + name);
	if (!holds && more) console.log("# " + more);
}

const browser = await chromium.launch({ executablePath: program, args: ["--no-sandbox", "--disable-background-networking"] });
const page = await (await browser.newContext({ viewport: { width: 1280, height: 820 } })).newPage();
page.setDefaultTimeout(PATIENCE);
const foreign = [], errors = [];
page.on("request", (r) => { if (!/^(file|blob):|^http:\/\/127\.0\.0\.1:/.test(r.url())) foreign.push(r.url()); });
page.on("pageerror", (e) => errors.push(String(e.stack)));
const shot = (name) => (shots ? page.screenshot({ path: shots + "/" + way + "-" + name + ".png" }) : undefined);
async function act(what, does) {
	actions++;
	await does();
	console.log("# " + actions + ". " + what);
}

try {
	await act("the page is opened", () => page.goto(address));
	await page.waitForSelector("#message:focus");
	check("one line says that nothing leaves this machine", (await page.textContent(".promise")).includes("Nothing you write leaves this machine"));
	check("with a button that proves it", await page.getByRole("link", { name: "Prove it" }).isVisible());
	await page.waitForSelector(way === "try" ? ".welcome" : ".offer .model");
	const first = await page.evaluate(() => { /* without what is folded away */
		const copy = document.body.cloneNode(true);
		for (const node of copy.querySelectorAll("details:not([open]) > :not(summary), noscript")) node.remove();
		return copy.textContent;
	});
	check("the first screen has no jargon", !jargon.test(first), first.match(jargon)?.[0]);
	check("at most one model is recommended", (await page.locator(".offer .model").count()) <= 1);
	await shot("first");
	if (way === "fetch") {
		const before = performance.now();
		await act("the recommended model is fetched", () => page.click(".offer .main"));
		await page.waitForSelector(".download .hash");
		fetching = performance.now() - before;
		check("its hash is said", /SHA-256 [0-9a-f]{64}/.test(await page.textContent(".download")));
		await page.waitForFunction(() => !document.querySelector(".offer .model"));
		await page.waitForFunction(() => document.querySelector(".model-name")?.textContent);
	}
	if (way === "found") {
		await act("the model that is on the disk already is used", () => page.click(".offer .main"));
		await page.waitForFunction(() => !document.querySelector(".offer .model"));
	}
	await act("a question is typed", () => page.keyboard.type("Hello! How are you today?"));
	await act("Enter", () => page.keyboard.press("Enter"));
	await page.waitForFunction(() => /\p{L}/u.test(document.querySelector(".message:not(.mine) .answer")?.textContent ?? ""));
	const seconds = (performance.now() - began - fetching) / 1000;
	console.log("# " + way + ": " + actions + " actions, " + seconds.toFixed(1) + " s" + (fetching ? " besides " + (fetching / 1000).toFixed(1) + " s of fetching" : ""));
	check("an answer after at most five actions", actions <= 5);
	await page.waitForFunction(() => !document.querySelector(".send.busy"));
	check("by the right model", (await page.evaluate(async () => (await (await fetch("hearth/state")).json()).items[0].builtin)) === (way === "try"));
	await shot("answer");
	if (way === "try") {
		await page.evaluate(() => { location.hash = "#/"; });
		await page.getByRole("button", { name: "New conversation", exact: true }).click();
		await page.click("dialog .main");
		await page.click(".promise a");
		await page.waitForSelector(".proof-result.good, .proof-result.bad");
		check("the button proves it", await page.locator(".proof-result.good").isVisible(), await page.textContent(".proof-result"));
		await shot("proof");
	}
	check("nothing was asked of anybody else", !foreign.length, foreign.join(" "));
	check("no error in the page", !errors.length, errors.join(" "));
} catch (error) {
	check("to its end", false, String(error.stack).split("\n").slice(0, 6).join("\n# "));
	await shot("failed");
}
await browser.close();
process.exit(failures ? 1 : 0);
