/*
 * served: the page over hearth itself, with the built-in model, from a first visit to locking.
 *
 *     node served.mjs CHROMIUM ADDRESS_WITH_TOKEN first|long [SHOTS_FOLDER]
 *
 * What the model is to say is put into the page's own requests as a grammar, so that a real answer, computed and sent as ever, has the
 * words that a case needs. `first` begins without a vault; `long` with an open one that has a conversation of 5,000 messages. Prints TAP.
 * Nothing depends on how fast the machine is.
 */
import { chromium } from "playwright-core";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [program, address, which, shots] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PATIENCE = 280000, PASSPHRASE = "correct horse battery";
const origin = new URL(address).origin;
const desktop = { viewport: { width: 1280, height: 820 }, bypassCSP: true }, phone = { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true, bypassCSP: true };
let cases = 0, failures = 0, said = {};

const browser = await chromium.launch({ executablePath: program, args: ["--no-sandbox", "--disable-background-networking"] });
const foreign = [], errors = [];

/* A browser of its own that has entered; what it asks of others, and every error in it, is noted. */
async function visit(options) {
	const context = await browser.newContext({ reducedMotion: "reduce", ...options });
	const page = await context.newPage();
	page.setDefaultTimeout(PATIENCE);
	page.on("request", (r) => { if (!r.url().startsWith(origin + "/") && !r.url().startsWith("blob:")) foreign.push(r.url()); });
	page.on("pageerror", (e) => errors.push(String(e.stack)));
	page.on("console", (m) => { if (m.type() === "error" && !m.text().includes("Failed to load resource")) errors.push(m.text()); });
	await page.route("**/v1/chat/completions", (route) => route.continue({ postData: JSON.stringify({ ...route.request().postDataJSON(), seed: 1, ...said }) }));
	await page.goto(address);
	await page.waitForSelector("#message, #passphrase");
	return page;
}

function is(value, wanted, what) {
	if (JSON.stringify(value) !== JSON.stringify(wanted)) throw new Error(what + ": " + JSON.stringify(value) + " in place of " + JSON.stringify(wanted));
}

/* What is written comes to be so a moment after it is seen. */
async function becomes(read, wanted, what) {
	const until = Date.now() + PATIENCE;
	let value = await read();
	while (JSON.stringify(value) !== JSON.stringify(wanted) && Date.now() < until) {
		await new Promise((resolve) => setTimeout(resolve, 100));
		value = await read();
	}
	is(value, wanted, what);
}

async function test(name, page, body) {
	cases++;
	try {
		await body(page);
		is([foreign.splice(0), errors.splice(0)], [[], []], "requests to others, and errors");
		console.log("ok " + cases + " - the page over hearth: " + name);
	} catch (error) {
		failures++;
		console.log("not ok " + cases + " - the page over hearth: " + name);
		for (const line of [...String(error.stack).split("\n").slice(0, 12), ...errors.splice(0), ...foreign.splice(0)]) console.log("# " + line);
		if (shots) await page.screenshot({ path: shots + "/failed-" + which + "-" + cases + ".png" }).catch(() => {});
	}
}

/* The grammar of exactly this text, and of what has no end. */
const quote = (text) => '"' + [...text].map((c) => (c < " " || c === '"' || c === "\\" ? "\\x" + c.codePointAt(0).toString(16).padStart(2, "0") : c)).join("") + '"';
const exactly = (text) => { said = { grammar: "root ::= " + quote(text) }; };
const endlessly = () => { said = { grammar: 'root ::= ("word ")*' }; };
const freely = (n) => { said = { max_tokens: n }; };

const shot = (page, name) => (shots ? page.screenshot({ path: shots + "/" + which + "-" + name + ".png" }) : undefined);
const idle = (page) => page.waitForFunction(() => !document.querySelector(".send.busy"));
async function ask(page, text) {
	const before = await page.locator(".message").count();
	await page.fill("#message", text);
	await page.click(".send");
	await page.waitForFunction((n) => document.querySelectorAll(".message").length >= n && !document.querySelector(".send.busy"), Math.min(before + 2, 60));
}
const fresh = async (page) => {
	await page.getByRole("button", { name: "New conversation", exact: true }).click();
	await page.waitForSelector(".welcome");
};
const state = (page) => page.evaluate(async () => (await (await fetch("hearth/state")).json()).items[0]);
const chats = (page) => page.evaluate(async () => (await (await fetch("hearth/chats")).json()).items);
const kept = (page, number) => page.evaluate(async (n) => (await (await fetch("hearth/chats/" + n)).json()).items.map((m) => m.text), number);
const last = (page) => page.locator(".message:not(.mine) .answer").last().textContent();
async function menu(page, title, item) {
	await page.locator(".entry", { hasText: title }).first().hover();
	await page.locator(".entry", { hasText: title }).first().getByRole("button").click();
	await page.getByRole("menuitem", { name: item }).click();
}
async function serious(page, where, found) {
	const result = await page.evaluate(async (source) => {
		if (!window.axe) window.eval(source);
		return (await window.axe.run(document, { resultTypes: ["violations"] })).violations.map((v) => [v.id, v.impact, v.nodes.map((n) => n.html.slice(0, 120)).slice(0, 3)]);
	}, axe);
	for (const violation of result) if (violation[1] === "serious" || violation[1] === "critical") found.push([where, ...violation]);
}

const hostile = "<script>window.hit=1</script><img src=x onerror='window.hit=2'>\n\n![look](http://evil.test/a.png?q=s) and [bank](https://evil.test/x) and [js](javascript:window.hit=3) " +
	"<a href='http://evil.test'>x</a>\n\nsafe\u202Efdp.exe\u202C \u001b[31mred\u0007 zero\u200bwidth\n\n```html\n<iframe src='http://evil.test'></iframe>\u202e\n```\n\n" +
	"$\\text{<img src=x>}\\constructor{\u202e}$ &lt;b&gt; <https://evil.test/auto> http://evil.test/bare";

async function firstVisit() {
	const page = await visit(desktop);
	await test("a first visit, an answer, and keeping", page, async () => {
		is(await page.evaluate(() => location.hash), "", "the token in the address");
		await shot(page, "1-first");
		freely(16);
		await ask(page, "What is a hearth?");
		is(await page.title(), "hearth", "the title tells nothing");
		await shot(page, "2-answer");
		await page.click(".ask-keep .main");
		for (const i of [0, 1]) await page.fill("dialog input >> nth=" + i, PASSPHRASE);
		await shot(page, "3-vault");
		await page.click("dialog form .main");
		await page.waitForSelector(".recovery");
		await shot(page, "4-recovery");
		await page.click("dialog footer .main");
		await page.waitForSelector(".entry");
		is((await kept(page, 1))[0], "What is a hearth?", "kept");
		await page.reload();
		await page.waitForSelector(".message:not(.mine) .answer");
		is((await page.textContent(".top")).trim(), "What is a hearth?", "above it");
	});
	await test("how far a long prompt is read is shown", page, async () => {
		await fresh(page);
		await page.evaluate(() => {
			window.told = [];
			new MutationObserver((all) => { for (const m of all) for (const n of m.addedNodes) window.told.push(n.textContent); }).observe(document.body, { subtree: true, childList: true });
		});
		exactly("Read.");
		await ask(page, "Read this: " + "the lamp is on the table ".repeat(120));
		is(await page.evaluate(() => window.told.some((t) => /^Reading: \d+ %$/.test(t))), true, "a share");
	});
	await test("an answer is stopped, and what came stays", page, async () => {
		await fresh(page);
		endlessly();
		await page.fill("#message", "Go on for ever");
		await page.click(".send");
		await page.waitForSelector(".message.live .answer p");
		await page.keyboard.press("Escape");
		await idle(page);
		await page.waitForFunction(() => document.querySelector(".message:not(.mine) .foot")?.textContent.includes("You stopped"));
		const list = await chats(page);
		await becomes(async () => (await kept(page, list[0].number))[1]?.startsWith("word "), true, "kept");
	});
	await test("an edit makes a branch, trying again replaces, branching keeps both", page, async () => {
		await fresh(page);
		exactly("The first answer.");
		await ask(page, "First question");
		exactly("The second answer.");
		await ask(page, "Second question");
		await page.locator(".message.mine").nth(1).hover();
		await page.locator(".message.mine").nth(1).getByRole("button", { name: "Edit" }).click();
		await page.fill(".editing textarea", "Another question");
		exactly("Another answer.");
		await page.click(".editing .main");
		await page.waitForFunction(() => [...document.querySelectorAll(".answer")].at(-1)?.textContent === "Another answer.");
		await idle(page);
		await becomes(async () => (await chats(page))[0].messages, 4, "messages of the new one");
		const [now, before] = await chats(page);
		await becomes(() => kept(page, now.number), ["First question", "The first answer.", "Another question", "Another answer."], "the new one");
		is(await kept(page, before.number), ["First question", "The first answer.", "Second question", "The second answer."], "the old one");
		is(now.branch_of, before.number, "a branch");
		exactly("Once more.");
		await page.getByRole("button", { name: "Try again" }).last().click();
		await page.waitForFunction(() => [...document.querySelectorAll(".answer")].at(-1)?.textContent === "Once more.");
		await idle(page);
		await becomes(async () => (await kept(page, now.number)).at(-1), "Once more.", "replaced");
		await page.getByRole("button", { name: "Go on from here in a new conversation" }).last().click();
		await page.waitForFunction((n) => document.querySelectorAll(".entry").length > n, (await chats(page)).length - 1);
	});
	await test("what a hostile model writes is text", page, async () => {
		await fresh(page);
		exactly(hostile);
		await ask(page, "Do your worst");
		await becomes(async () => (await chats(page))[0].messages, 2, "messages that are kept");
		const harmless = async () => {
			is(await page.evaluate(() => [window.hit, document.querySelectorAll(".message img, .message script, .message iframe, .message a, .message [style], .message [onerror]").length]), [null, 0], "what became markup");
			const shown = await last(page);
			for (const part of ["<script>window.hit=1</script>", "onerror=", "RLO", "ESC", "BEL", "ZWSP", "picture not fetched", "http://evil.test/a.png?q=s", "(https://evil.test/x)", "(javascript:window.hit=3)", "<iframe", "\\constructor"]) is(shown.includes(part), true, part);
			is(/[\u202e\u001b\u0007\u200b]/.test(shown), false, "characters that are obeyed");
		};
		await harmless();
		await page.reload(); /* and as it comes from the vault */
		await page.waitForSelector(".message:not(.mine) .answer");
		await harmless();
		await shot(page, "5-hostile");
		await page.locator(".link-button", { hasText: "bank" }).click();
		is(await page.textContent("dialog .address"), "https://evil.test/x", "the address before it is opened");
		await page.keyboard.press("Escape");
	});
	await test("conversations are searched, renamed, exported and deleted", page, async () => {
		await page.fill(".searching input", "second answer");
		await page.waitForFunction(() => document.querySelector(".hit")?.textContent.includes("second answer"));
		await page.locator(".hit").first().click();
		await page.waitForSelector(".message.found");
		await page.fill(".searching input", "");
		await page.waitForSelector(".entry");
		await menu(page, "Go on for ever", "Rename");
		await page.fill("dialog input", "Words");
		await page.keyboard.press("Enter");
		await page.locator(".entry", { hasText: "Words" }).waitFor();
		await menu(page, "Words", "Export");
		const [file] = await Promise.all([page.waitForEvent("download"), page.click("dialog .main")]);
		is(/^# Words\n\n## You\n\nGo on for ever\n\n## Answer\n\nword word/.test(readFileSync(await file.path(), "utf8")), true, "the export");
		const before = (await chats(page)).length;
		await menu(page, "Words", "Delete");
		await page.click("dialog .danger");
		await page.waitForFunction((n) => document.querySelectorAll(".entry").length === n, before - 1);
	});
	await test("a private conversation is written nowhere", page, async () => {
		const before = await chats(page);
		await page.getByRole("button", { name: /private/ }).click();
		await page.waitForFunction(() => document.querySelector(".welcome h1")?.textContent === "A private conversation");
		exactly("It stays here.");
		await ask(page, "canary-private");
		is((await chats(page)).length, before.length, "conversations");
		await page.getByRole("button", { name: "New conversation", exact: true }).click();
		await page.click("dialog .main");
		await page.waitForSelector(".welcome");
		is(await page.evaluate(() => document.documentElement.outerHTML.includes("canary-private")), false, "left in the page");
	});
	await test("a full context is said, with a choice, before anything is left out", page, async () => {
		await fresh(page);
		const context = (await state(page)).context;
		const long = " the lamp is on the table".repeat(Math.floor(context / 34)); /* a fifth of it or so */
		exactly("Yes.");
		let asked = 0;
		while (!(await page.locator(".full-card").count())) {
			if (++asked > 8) throw new Error("no word of it after " + asked);
			await ask(page, "Question " + asked + long);
			await page.waitForFunction(() => document.querySelector(".full-card") || parseInt(document.querySelector(".sight")?.textContent) < 80);
		}
		is(await page.locator(".sight.full").count(), 1, "the mark");
		await shot(page, "6-full");
		const again = page.getByRole("button", { name: "Leave them out and answer" });
		while (!(await again.count())) {
			if (++asked > 12) throw new Error("never too full");
			await page.fill("#message", "More " + asked + long);
			await page.click(".send");
			await idle(page);
			await page.waitForSelector(".full-card");
		}
		exactly("An answer again.");
		await again.click();
		await page.waitForSelector(".divider");
		await page.waitForFunction(() => [...document.querySelectorAll(".answer")].at(-1)?.textContent === "An answer again.");
		await idle(page);
		is((await page.locator(".message.mine").count()) >= asked - 1, true, "all of it stays to be read");
	});
	await test("the keyboard alone is enough", page, async () => {
		await page.keyboard.press("Alt+n");
		await page.waitForSelector(".welcome");
		await page.waitForSelector("#message:focus");
		exactly("By keys too.");
		await page.keyboard.type("By keys alone");
		await page.keyboard.press("Enter");
		await page.waitForFunction(() => document.querySelector(".answer")?.textContent === "By keys too.");
		await idle(page);
		await page.keyboard.press("Control+k");
		await page.waitForSelector("input[type=search]:focus");
		await page.keyboard.press("ArrowDown");
		await page.waitForSelector(".entry a:focus");
		await page.keyboard.press("Tab");
		await page.keyboard.press("Enter");
		await page.waitForSelector(".menu button:focus");
		await page.keyboard.press("Escape");
		await page.keyboard.press("Alt+l");
		await page.waitForSelector("#passphrase:focus");
		is(await page.evaluate(() => /By keys|hearth\?|canary/.test(document.documentElement.outerHTML + location.href)), false, "left in the page");
		await shot(page, "7-locked");
		await page.keyboard.type("wrong");
		await page.keyboard.press("Enter");
		await page.waitForFunction(() => document.querySelector(".lock-card .error").textContent.includes("not right"));
		await page.keyboard.type(PASSPHRASE);
		await page.keyboard.press("Enter");
		await page.waitForSelector(".entry");
	});
	await test("models, settings, proof and connections", page, async () => {
		await page.click(".way[href='#/models']");
		await page.waitForSelector(".model");
		await shot(page, "8-models");
		await page.click(".way[href='#/settings']");
		await page.waitForSelector(".setting");
		await shot(page, "8-settings");
		await page.click(".way[href='#/proof']");
		await page.click(".big");
		await page.waitForSelector(".proof-result.good, .proof-result.bad");
		is(await page.locator(".proof-part.holds").count(), 4, "parts of the proof");
		await page.click("a[href='#/network']");
		await page.waitForFunction(() => document.querySelector("#main h1")?.textContent === "Every connection");
		is((await page.textContent("#main")).includes("Nothing was ever connected to"), true, "connections");
	});
	await page.context().close();
	for (const [look, options] of [["light", { ...desktop, colorScheme: "light" }], ["dark", { ...desktop, colorScheme: "dark" }], ["phone", { ...phone, colorScheme: "light" }]]) {
		const other = await visit(options);
		await test("axe-core finds nothing serious and nothing is wider than the screen, " + look, other, async (p) => {
			const found = [];
			const looks = async (where) => {
				await serious(p, where, found);
				if (look === "phone") is(await p.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, where + ": width");
				await shot(p, look + "-" + where);
			};
			exactly("# Head\n\nText with [a link](https://example.org/) and `code`.\n\n```js\nconst a = 1; // one\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n$$x^2$$");
			await looks("first");
			await ask(p, "Show it");
			await looks("answer");
			for (const way of ["models", "settings", "proof", "network"]) {
				await p.evaluate((h) => { location.hash = "#/" + h; }, way);
				await p.waitForSelector(".page h1");
				await looks(way);
			}
			if (look === "phone") {
				await p.getByRole("button", { name: "Conversations and pages" }).click();
				await p.waitForSelector(".side-open .entry");
				await looks("side");
			}
			is(found, [], "violations");
		});
		await other.context().close();
	}
	const again = await visit(desktop);
	await test("locked by one page, locked for all", again, async (p) => {
		const second = await again.context().newPage();
		await second.goto(origin + "/");
		await second.waitForSelector(".entry");
		await p.keyboard.press("Alt+l");
		await p.waitForSelector(".lock-card");
		await second.locator(".entry a").first().click();
		await second.waitForSelector(".lock-card");
	});
}

async function longOne() {
	const page = await visit(desktop);
	await test("5,000 messages: a stretch of them is there at a time, to both ends", page, async () => {
		await page.locator(".entry a", { hasText: "Long" }).click();
		await page.waitForFunction(() => document.querySelector(".messages")?.textContent.includes("Message 4999"));
		const nodes = () => page.evaluate(() => document.querySelectorAll(".message").length);
		let most = await nodes();
		for (let i = 0; i < 12; i++) {
			const first = await page.evaluate(() => document.querySelector(".message .body").textContent);
			await page.evaluate(() => { document.querySelector(".scroll").scrollTop = 0; });
			await page.waitForFunction((was) => document.querySelector(".message .body").textContent !== was, first);
			most = Math.max(most, await nodes());
		}
		is(most <= 200, true, "messages that are elements at once: " + most);
		await page.click(".to-end");
		await page.waitForFunction(() => document.querySelector(".messages").textContent.includes("Message 4999"));
		await page.fill(".searching input", "1234");
		await page.locator(".hit", { hasText: "Message 1234" }).first().click();
		await page.waitForFunction(() => document.querySelector(".message.found")?.textContent.includes("Message 1234"));
		await page.click(".to-end");
	});
	await test("and one more, after a choice what to leave out", page, async () => {
		exactly("One more answer.");
		await page.fill("#message", "One more");
		await page.click(".send");
		await page.getByRole("button", { name: "Leave them out and answer" }).click();
		await page.waitForFunction(() => [...document.querySelectorAll(".answer")].at(-1)?.textContent === "One more answer.");
		await shot(page, "after");
		await becomes(async () => (await kept(page, 1)).length, 5002, "all of it is kept");
	});
}

await (which === "long" ? longOne() : firstVisit());
await browser.close();
console.log("1.." + cases);
process.exit(failures ? 1 : 0);
