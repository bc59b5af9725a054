/*
 * models: which model answers, which one suits this machine, and fetching it.
 *
 * One is recommended, in plain words; the arithmetic behind it is a fold away. A download goes on while other pages are looked at, and
 * stops, with what came kept, when the person says so or leaves.
 */
import { el, fill, icon, announce, fold, problem } from "./dom.js";
import { ask, stream } from "./api.js";
import { visibleText } from "./visible.js";
import { bytes, count, duration, speedWords } from "./words.js";

const fitWords = { yes: ["good", "fits"], slow: ["warn", "would be slow"], no: ["bad", "does not fit"] };

/* What is being fetched; there is one at a time. */
export class Download {
	constructor(app) {
		this.app = app;
		this.name = "";
		this.state = null; /* { done, total, rate, seconds, text } */
		this.watchers = new Set();
		this.control = null;
	}

	tell() {
		for (const watcher of this.watchers) watcher(this);
	}

	async start(name, title) {
		if (this.control) return;
		this.control = new AbortController();
		Object.assign(this, { name, title, state: { done: 0, total: 0 }, failed: "", hash: "" });
		this.tell();
		try {
			await stream("models/pull", { name }, (row) => {
				if (row.error) throw new Error(row.error.message);
				this.state = row;
				if (row.sha256) this.hash = row.sha256;
				if (row.model) this.model = row.model;
				this.tell();
			}, this.control.signal);
			if (!this.hash) throw new Error("The download ended before it was whole. What came is kept: start it again to go on.");
			announce(title + " is here.");
			this.finished = true;
		} catch (error) {
			this.failed = error.name === "AbortError" ? "Stopped. What came is kept, and starting again goes on from there." : error.message;
		}
		this.control = null;
		this.state = null;
		this.tell();
		this.app.modelsChanged();
	}

	stop() {
		this.control?.abort();
	}
}

/* The bar with rate and time left; empty while nothing is fetched. */
export function downloadNode(download) {
	const node = el("div.download");
	const draw = () => {
		const s = download.state;
		if (!s && !download.failed && !download.hash) return fill(node);
		if (!s && download.failed) return fill(node, problem(download.failed));
		if (!s) return fill(node, el("p.good", icon("check"), download.title + " is here and whole."), el("p.quiet.hash", "SHA-256 " + download.hash));
		const left = s.rate > 0 && s.total > s.done ? (s.total - s.done) / s.rate : 0;
		const line = s.state === "checking" ? "Checking that it is whole..." : !s.total ? "Asking for it..." :
			bytes(s.done) + " of " + bytes(s.total) + (s.rate ? ", " + bytes(s.rate) + " a second, " + (left ? duration(left) + " left" : "nearly done") : "");
		return fill(node, el("div.spread", el("strong", "Downloading " + download.title + (s.parts ? ", part " + s.part + " of " + s.parts : "")), el("button.plain", { onclick: () => download.stop() }, "Stop")),
			el("progress", { max: s.total || 1, value: s.done, "aria-label": "Download" }), el("p.quiet", line));
	};
	const watch = () => {
		if (node.isConnected || !watch.seen) draw();
		else download.watchers.delete(watch);
		watch.seen = watch.seen || node.isConnected;
	};
	download.watchers.add(watch);
	draw();
	return node;
}

const minutes = (model, rate) => (rate > 0 ? duration(model.bytes / rate) + " to download" : null);

function facts(model) {
	const parts = [bytes(model.bytes), model.speed ? "about " + speedWords(model.speed) + " here" : null, model.licence ? "licence " + visibleText(model.licence) : null, model.kind === "found" ? "from " + visibleText(model.source) : null, model.kind === "offer" && minutes(model, model.rate)];
	return parts.filter(Boolean).join(" · ");
}

function why(model) {
	return model.why && fold(model.fits === "no" ? "Why it does not fit" : "Why it fits", el("p.arithmetic", visibleText(model.why)));
}

/* A model as a card, with the one thing that can be done with it. */
export function modelCard(app, model, main) {
	const [look, words] = fitWords[model.fits] ?? ["quiet", ""];
	const here = model.kind !== "offer";
	let button = null;
	if (model.current) button = el("span.tag.good", icon("check"), "answers now");
	else if (here && model.fits !== "no") button = el("button", { class: main ? "main" : "", onclick: () => app.useModel(model) }, "Use it");
	else if (!here && model.fits !== "no") button = el("button", { class: main ? "main" : "", onclick: () => app.download.start(model.pull, model.title) }, icon("fetch"), "Download");
	return el("article.card.model", el("div.spread", el("h3", visibleText(model.title)), button),
		model.good_at && el("p", visibleText(model.good_at)), model.kind === "locked" && el("p", "Only memory ever sees it in the clear, while your conversations are unlocked."), el("p.quiet", facts(model), words && !model.current ? [" · ", el("span", { class: look }, words)] : null), why(model));
}

/* The one that is proposed: fetched or already here, better than the one that answers now. */
export function recommended(models) {
	return models.find((m) => m.recommended) ?? null;
}

function byName(app) {
	const field = el("input", { type: "text", maxlength: 1000, placeholder: "owner/repository:file, or an https:// address", "aria-label": "Name of a model" });
	return el("form.by-name", { onsubmit: (event) => {
		event.preventDefault();
		const name = field.value.trim();
		if (name) app.download.start(name, name);
	} }, field, el("button", { type: "submit" }, "Download"));
}

export async function modelsPage(app) {
	const state = app.state;
	const page = el("div.page", el("h1", "Models"),
		el("p.lead", "A model is a file that answers. Larger ones know more and take more memory and time. All of them run on this machine alone."), downloadNode(app.download));
	let models;
	try {
		models = (await ask("models")).items;
	} catch (error) {
		page.append(problem(error.message));
		return page;
	}
	const best = recommended(models);
	const list = (title, some) => some.length && el("section", el("h2", title), some.map((m) => modelCard(app, m, false)));
	if (best && !best.current) page.append(el("section.best", el("h2", "The best for this machine"), modelCard(app, best, true)));
	const rest = models.filter((m) => m !== best || m.current);
	const offers = rest.filter((m) => m.kind === "offer");
	page.append(
		...[["here", "On this machine"], ["locked", "Sealed in your vault"], ["found", "Found from other programs"]].map(([kind, title]) => list(title, rest.filter((m) => m.kind === kind)) || ""),
		offers.length ? el("details.other.more-models", el("summary", icon("down"), count(offers.length) + " more that can be downloaded"), offers.map((m) => modelCard(app, m, false))) : "",
		fold("Another one, by its name", el("p.quiet", "From huggingface.co, or from any address. Nothing is downloaded but this file, and the list of connections shows it."), byName(app)),
		el("p.quiet", "This machine has " + bytes(state.memory_total) + " of memory; " + bytes(state.memory_free) + " are free now."));
	return page;
}
