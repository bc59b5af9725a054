/*
 * settings: what the person may choose, in words.
 *
 * What tells something about the person is hearth's and lies with its settings or in the vault. This browser remembers how the page
 * looks and how answers are chosen, and nothing else.
 */
import { el, announce } from "./dom.js";
import { ask } from "./api.js";

const KEY = "hearth";
const defaults = { theme: "system", mood: "usual" };

function remembered() {
	try {
		return { ...defaults, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
	} catch {
		return { ...defaults };
	}
}

function remember(changes) {
	const all = { ...remembered(), ...changes };
	try {
		localStorage.setItem(KEY, JSON.stringify(all));
	} catch { /* a private window: it holds for this page */ }
	applyLook(all);
}

/* Colours, at the start and when they change. */
export function applyLook(all = remembered()) {
	document.documentElement.dataset.theme = all.theme;
}

const moods = { exact: { temperature: 0 }, usual: {}, free: { temperature: 1.1, top_p: 0.98 } };

/* What a request to the model says beside the messages. */
export function answerSettings() {
	return moods[remembered().mood] ?? {};
}

/* One choice of a few, as buttons of which one is pressed. */
function choice(title, hint, options, value, take) {
	const name = "choice-" + title.toLowerCase().replace(/\W+/g, "-");
	return el("fieldset.setting", el("legend", title), hint && el("p.quiet", hint),
		el("div.choices", options.map(([key, label, more]) => el("label.choice",
			el("input", { type: "radio", name, value: String(key), checked: String(key) === String(value), onchange: () => take(key) }),
			el("span", label, more && el("small", more))))));
}

async function tell(change) {
	try {
		await ask("settings", change);
		announce("Saved.");
	} catch (error) {
		announce(error.message);
	}
}

export function settingsPage(app) {
	const all = remembered(), state = app.state;
	const kept = state.vault === "open" || state.vault === "locked";
	return el("div.page",
		el("h1", "Settings"),
		el("section.card", el("h2", "Conversations"),
			kept ? [
				el("p", state.protected ? "Your conversations are kept on this machine, encrypted." : "Your conversations are kept on this machine, without encryption: whoever can read this disk can read them."),
				state.protected && choice("Lock by itself", "After this long without a key or a touch, hearth forgets the keys and asks for the passphrase again.",
					[[5, "5 minutes"], [15, "15 minutes"], [60, "1 hour"], [0, "Never"]], state.lock_minutes, (minutes) => tell({ lock_minutes: Number(minutes) })),
				state.protected && el("button", { onclick: () => app.lock() }, "Lock now"),
			] : [
				el("p", "Your conversations are not kept: they are gone when you close this page."),
				el("button.main", { onclick: () => app.createVault() }, "Keep them, encrypted..."),
			]),
		el("section.card", el("h2", "Answers"),
			choice("Choice of words", null, [["exact", "Exact", "the same question gives the same answer"], ["usual", "Usual", "as the model's makers advise"], ["free", "Free", "more surprise, more mistakes"]], all.mood, (mood) => remember({ mood })),
			choice("How hard the machine works", "It holds from the next time that a model is opened.", [["usual", "All it can", "fastest"], ["low", "Half", "quieter, saves power"]], state.threads_low ? "low" : "usual", (threads) => tell({ threads }))),
		el("section.card", el("h2", "How it looks"),
			choice("Colours", null, [["system", "As the system"], ["light", "Light"], ["dark", "Dark"]], all.theme, (theme) => remember({ theme }))),
		el("section.card", el("h2", "Keys"), shortcuts()),
		el("p.quiet", "hearth " + state.version + ". No account, no telemetry, no updates by itself."));
}

function shortcuts() {
	const rows = [["Enter", "send"], ["Shift + Enter", "a new line"], ["Esc", "stop the answer"], ["Ctrl + K", "search"], ["Alt + N", "a new conversation"], ["Alt + L", "lock"]];
	return el("dl.keys", rows.map(([key, what]) => el("div", el("dt", el("kbd", key)), el("dd", what))));
}
