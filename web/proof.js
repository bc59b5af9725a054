/* proof: `hearth prove` as a page: each promise with what was tried just now, green or red; and every connection that was ever made. */
import { el, fill, icon, announce, fold, problem } from "./dom.js";
import { ask, stream } from "./api.js";
import { visibleText, appendVisible, shown } from "./visible.js";
import { bytes, moment } from "./words.js";

const parts = {
	answers: ["It answers without a network", "The same question, once with and once without any network: the answers are compared byte for byte."],
	storage: ["What you write is not readable on the disk", "Sentences are put into a vault and looked for in every file that this leaves."],
	imports: ["The programs cannot call what they must not", "What each program takes from the system's libraries, against what its work may call."],
	rights: ["Each program tries to break out, and fails", "Every program tries, in its jail, what it must never do: open your files, connect, start programs."],
};

const verdicts = { holds: ["check", "holds"], broken: ["cross", "does not hold"], untried: ["question", "could not be tried"], waiting: ["more", "is being tried"] };

function partNode(name) {
	const [title, how] = parts[name];
	return el("li.proof-part.waiting", { "data-part": name },
		el("span.verdict", icon("more")), el("div", el("h2", title), el("p.said", how)));
}

function judge(node, verdict, text) {
	const [drawing, words] = verdicts[verdict] ?? verdicts.untried;
	node.className = "proof-part " + verdict;
	fill(node.querySelector(".verdict"), icon(drawing), el("span.unseen", words));
	if (text) fill(node.querySelector(".said"), shown(text));
}

/* One program: what it tried and what came of it. */
function programNode(program, rows) {
	const wrong = rows.filter((r) => r.expected !== r.found).length;
	return el("details.program",
		el("summary", icon("down"), el("code", visibleText(program)), el("span", { class: wrong ? "bad" : "good" }, wrong ? wrong + " not as promised" : rows.length + " tries, all as promised")),
		el("table", el("thead", el("tr", el("th", { scope: "col" }, "What it tried"), el("th", { scope: "col" }, "Should be"), el("th", { scope: "col" }, "Was"))),
			el("tbody", rows.map((r) => el("tr", { class: r.expected === r.found ? null : "bad" }, el("td", visibleText(r.probe)), el("td", r.expected), el("td", r.found))))));
}

export function proofPage(app) {
	const list = el("ul.proof-list", Object.keys(parts).map(partNode));
	const details = el("div.programs");
	const result = el("p.proof-result", { role: "status" });
	const button = el("button.main.big", { onclick: run }, icon("shield"), "Prove it now");
	async function run() {
		button.disabled = true;
		result.className = "proof-result";
		result.textContent = "hearth is trying to catch itself. This takes some seconds.";
		for (const node of list.children) judge(node, "waiting");
		fill(details);
		const cells = new Map();
		let broken = 0, told = 0;
		try {
			await stream("prove", {}, (row) => {
				if (row.error) throw new Error(row.error.message);
				if (row.kind === "part") {
					const node = [...list.children].find((n) => n.dataset.part === row.name);
					if (node) judge(node, row.verdict, row.text);
					told++;
					if (row.verdict !== "holds") broken++;
				} else if (row.kind === "probe") {
					if (!cells.has(row.name)) cells.set(row.name, []);
					cells.get(row.name).push({ probe: row.text, expected: row.expected, found: row.verdict });
				}
			});
			if (told < Object.keys(parts).length) throw new Error("hearth did not come to an end with it.");
			result.textContent = broken ? "Not all of it holds on this machine. The red lines say what." : "All of it holds on this machine, tried just now.";
			result.classList.add(broken ? "bad" : "good");
		} catch (error) {
			result.textContent = error.message;
			result.classList.add("bad");
			for (const node of list.querySelectorAll(".waiting")) judge(node, "untried");
		}
		announce(result.textContent);
		fill(details, cells.size ? el("h2", "Every single try") : null, [...cells].map(([program, rows]) => programNode(program, rows)));
		button.disabled = false;
	}
	if (app.proveNow) run();
	app.proveNow = false;
	return el("div.page",
		el("h1", "Nothing leaves this machine"),
		el("p.lead", "The model runs here, and the program that computes has no network to send anything through. You need not believe it: hearth tries to break its own promises while you watch."),
		el("div.row", button, el("a.button", { href: "#/network" }, icon("network"), "Every connection so far")),
		result, list, details,
		fold("What this does not prove",
			el("p", "Somebody who controls your account or this machine's kernel, who watches your screen, or who takes the disk while the vault is unlocked, can read what you write. What your browser itself sends, hearth cannot see: this page asks it for nothing but hearth.")));
}

const pick = (end) => (end ? { up: end.up, down: end.down, result: end.result, sent: end.sent, sha256: end.sha256 } : {});

export async function networkPage() {
	const page = el("div.page", el("h1", "Every connection"),
		el("p.lead", "hearth connects only to fetch what you asked for. Each connection is written down before it is made, and no line can be taken out unnoticed."));
	try {
		const said = await ask("network");
		const ends = new Map(said.items.filter((r) => r.kind === "end").map((r) => [r.of, r]));
		const connections = said.items.filter((r) => r.kind === "begin").reverse().map((r) => ({ host: r.host, time: r.time, ended: ends.has(r.number), ...pick(ends.get(r.number)) }));
		const broken = said.items.find((r) => r.kind === "broken"), sealed = said.items.find((r) => r.kind === "sealed");
		page.append(el("p", { class: broken ? "proof-result bad" : "proof-result good" }, broken ? "The chain of lines is broken: " + visibleText(broken.result) : sealed ? "Not all of it can be read: " + sealed.result + "." : connections.length ? "The chain of lines is whole." : "Nothing was ever connected to."));
		page.append(el("ul.ledger", connections.map((c) => el("li.card",
			el("div.spread", el("strong", visibleText(c.host)), el("time.quiet", moment(c.time))),
			el("p.quiet", c.ended ? bytes(c.up) + " sent, " + bytes(c.down) + " received. " : "", visibleText(c.result || "No end was noted: hearth was stopped meanwhile.")),
			c.sent && fold("Every byte that was sent", appendVisible(el("pre"), c.sent), el("p.quiet.hash", "SHA-256 " + c.sha256))))));
	} catch (error) {
		page.append(problem(error.message));
	}
	return page;
}
