/*
 * main: the page as a whole: what hearth says of itself, which page is shown, and what happens with a message.
 *
 * The address has a number at most and the window's title is always the same: browsers keep both. Nothing of a conversation is stored
 * by the page, and everything of it is gone from the page when hearth is locked.
 */
import { el, fill, icon, iconButton, announce, problem } from "./dom.js";
import { ask, enter, listen, Refusal } from "./api.js";
import { Conversation } from "./conversation.js";
import { Messages } from "./messages.js";
import { Composer, contextMark, NEARLY_FULL } from "./composer.js";
import { Sidebar } from "./sidebar.js";
import { dialog, confirmDialog } from "./dialog.js";
import { lockScreen, screen, makeVault, keepQuestion } from "./vault.js";
import { Download, modelsPage } from "./models.js";
import { settingsPage, answerSettings, applyLook } from "./settings.js";
import { proofPage, networkPage } from "./proof.js";
import { welcome } from "./welcome.js";
import { visibleText } from "./visible.js";
import { bytes, count, speedWords, titleOf } from "./words.js";

const HERE_MS = 60000;
const pages = { "#/models": modelsPage, "#/settings": settingsPage, "#/proof": proofPage, "#/network": networkPage };

class App {
	constructor() {
		this.root = document.getElementById("app");
		this.state = {};
		this.chats = [];
		this.conversation = null;
		this.answering = false;
		this.locked = false;
		this.lastHere = 0;
		this.lockTimer = 0;
		this.download = new Download(this);
		listen(() => this.onLocked(), () => this.showNoToken());
	}

	async start() {
		applyLook();
		await enter();
		try {
			await this.readState();
		} catch (error) {
			if (error.kind !== "token") fill(this.root, screen(null, "hearth", problem(error.message), el("button.main", { onclick: () => location.reload() }, "Try again")));
			return;
		}
		addEventListener("hashchange", () => this.route());
		addEventListener("keydown", (event) => this.key(event));
		document.addEventListener("visibilitychange", () => { if (!document.hidden && !this.locked) this.readState().catch(() => {}); });
		if (this.state.vault === "locked") this.showLock();
		else await this.opened();
	}

	/* ---- what hearth says of itself */

	async readState() {
		this.state = (await ask("state")).items[0];
		if (this.state.vault === "locked" && !this.locked && this.conversation && this.conversation.kind === "kept") this.onLocked();
		clearTimeout(this.lockTimer);
		/* The vault locks by itself while nobody is there: the page looks when that is due. */
		if (this.state.vault === "open" && this.state.lock_in > 0) this.lockTimer = setTimeout(() => this.readState().catch(() => {}), (this.state.lock_in + 1) * 1000);
	}

	async readChats() {
		this.chats = this.state.vault === "open" ? (await ask("chats")).items : [];
		this.sidebar?.draw();
	}

	/* Somebody types or touches: said to hearth once a minute, so that it does not lock meanwhile. */
	here() {
		if (this.state.vault !== "open" || Date.now() - this.lastHere < HERE_MS) return;
		this.lastHere = Date.now();
		ask("here", {}).then(() => this.readState()).catch(() => {});
	}

	/* Runs something and tells what went wrong with it. */
	async attempt(work) {
		try {
			return await work();
		} catch (error) {
			if (error.kind !== "locked" && error.kind !== "token") this.tell(error.message);
			return undefined;
		}
	}

	tell(text) {
		announce(text);
		if (this.composer?.node.isConnected) this.composer.say(problem(text, iconButton("close", "Close", () => this.composer.say())));
		else dialog("That did not work", el("p", { role: "alert" }, text), null);
	}

	/* ---- locked and open */

	onLocked() {
		if (!this.locked) this.showLock("hearth locked itself.");
	}

	/* Nothing of a conversation stays in the page. */
	forget() {
		this.conversation?.stop();
		this.messages?.clear();
		this.conversation = this.messages = this.composer = this.sidebar = null;
		this.chats = [];
		for (const box of document.querySelectorAll("dialog, .menu")) box.remove();
	}

	showLock(why) {
		this.forget();
		this.locked = true;
		this.state.vault = "locked";
		history.replaceState(null, "", location.pathname);
		fill(this.root, lockScreen(this, why));
		this.root.querySelector("input")?.focus();
		announce("hearth is locked.");
	}

	async lock() {
		this.conversation?.stop();
		await this.attempt(async () => {
			await ask("vault/lock", {});
			this.showLock();
		});
	}

	/* The vault is open, or there is none: the page itself. */
	async opened() {
		this.locked = false;
		await this.readState();
		this.build();
		await this.attempt(() => this.readChats());
		this.route();
	}

	async startPrivate() {
		if (!(await this.mayLeave())) return;
		this.locked = false;
		if (!this.sidebar) this.build();
		this.sidebar.draw();
		location.hash = "#/";
		this.begin(new Conversation("private"));
	}

	showNoToken() {
		this.forget();
		this.locked = true;
		fill(this.root, screen("lock", "This page does not know you yet",
			el("p", "hearth answers only to pages that it opened itself. Open it from your desktop's menu, or type in a terminal:"), el("p.address", "hearth open")));
	}

	async createVault() {
		const made = await makeVault(this);
		if (!made) return false;
		await this.readState();
		const c = this.conversation;
		if (c && c.kind === "open") {
			c.kind = "kept";
			await this.attempt(() => c.save());
			this.address(c);
		}
		await this.readChats();
		this.head();
		announce("Your conversations are kept now, encrypted.");
		if (location.hash === "#/settings") this.route();
		return true;
	}

	/* ---- the page */

	build() {
		this.sidebar = new Sidebar(this);
		this.composer = new Composer(this);
		this.messages = new Messages({ edit: (i, text) => this.edit(i, text), again: (i) => this.again(i), branch: (i) => this.branch(i) });
		this.title = el("h1.title");
		this.marks = el("div.marks");
		this.main = el("main", { id: "main", tabindex: "-1" });
		const veil = el("div.veil", { onclick: () => this.openSide(false) });
		this.menuButton = iconButton("menu", "Conversations and pages", () => this.openSide(true), { class: "icon-button only-phone", "aria-controls": "side", "aria-expanded": "false" });
		fill(this.root, el("a.skip", { href: "#message", onclick: (event) => { event.preventDefault(); location.hash.startsWith("#/chat") || (location.hash = "#/"); this.composer.field.focus(); } }, "To the message field"),
			this.sidebar.node, veil, el("div.right", el("header.top", this.menuButton, this.title, this.marks), this.main));
	}

	openSide(open) {
		this.root.classList.toggle("side-open", open);
		this.menuButton?.setAttribute("aria-expanded", String(open));
		if (open) this.sidebar.node.querySelector("a, button").focus();
	}

	head() {
		const c = this.conversation;
		const page = location.hash in pages;
		this.title.textContent = page ? "" : (c.kind === "private" ? "Private" : visibleText(c.title));
		const parent = c.parent > 0 && this.chats.find((chat) => chat.number === c.parent);
		this.title.hidden = page;
		fill(this.marks, page ? null : [
			parent && el("a.tag", { href: "#/chat/" + parent.number, title: visibleText(parent.title) }, icon("branch"), "branch"),
			c.kind === "private" && el("span.tag", icon("mask"), el("span", "not kept")),
			c.kind === "open" && c.messages.length > 0 && el("span.tag", "not kept"),
			c.unsaved && el("span.tag.bad", { role: "status" }, "not saved"),
		]);
		this.sidebar.draw();
	}

	/* Which model answers, how fast, and how much of the context is taken. */
	statusLine() {
		const s = this.state, c = this.conversation;
		if (!c) return null;
		const last = [...c.messages].reverse().find((m) => m.stats && m.stats.speed);
		return [el("a", { href: "#/models", class: "model-name" }, visibleText(s.model || "no model")), " on this machine",
			s.memory_used ? " · " + bytes(s.memory_used) + " of memory" : null, last ? " · " + speedWords(last.stats.speed) : null,
			c.used && s.context ? [" ", contextMark(c.used, s.context)] : null];
	}

	async route() {
		if (this.locked || !this.sidebar) return;
		const hash = location.hash;
		const chat = hash.match(/^#\/chat\/(\d+)(?:\/(\d+))?$/);
		if (chat) {
			await this.openChat(Number(chat[1]), chat[2] === undefined ? null : Number(chat[2]));
			return;
		}
		if (!this.conversation) this.conversation = this.newConversation();
		if (!pages[hash]) {
			this.showConversation();
			return;
		}
		this.head();
		await this.readState().catch(() => {});
		const page = await pages[hash](this);
		if (location.hash !== hash || this.locked) return;
		fill(this.main, page);
		this.main.scrollTop = 0;
		this.main.focus();
	}

	newConversation() {
		return new Conversation(this.state.vault === "open" ? "kept" : this.state.vault === "locked" ? "private" : "open");
	}

	async openChat(number, position) {
		const c = this.conversation;
		if (!c || c.id !== number) {
			if (this.answering) this.stop();
			const entry = this.chats.find((chat) => chat.number === number) ?? { number, title: "", branch_of: null };
			const loaded = await this.attempt(() => Conversation.load(entry));
			if (!loaded) return void (this.locked || (location.hash = "#/"));
			this.conversation = loaded;
		}
		const at = position === null ? -1 : this.conversation.messages.findIndex((m) => m.position === position);
		this.showConversation(at);
	}

	/* The conversation of the page is another one now. */
	begin(conversation) {
		if (this.answering) this.stop();
		this.conversation = conversation;
		if (location.hash && location.hash !== "#/") history.replaceState(null, "", "#/");
		this.showConversation();
	}

	/* What is kept nowhere would be lost. */
	async mayLeave() {
		const c = this.conversation;
		return !c || c.kind === "kept" || !c.messages.length || confirmDialog("Leave this conversation?", "It is not kept: when you leave it, it is gone.", "Leave it");
	}

	async fresh() {
		if (!(await this.mayLeave())) return;
		this.openSide(false);
		this.begin(this.newConversation());
	}

	showConversation(at = -1) {
		const c = this.conversation;
		this.head();
		this.composer.say();
		if (c.messages.length) {
			fill(this.main, this.messages.place, this.messages.down, this.composer.node);
			this.messages.show(c, at);
		} else {
			this.messages.clear();
			fill(this.main, el("div.scroll", welcome(this)), this.composer.node);
		}
		this.composer.size();
		this.nearlyFull();
		if (at < 0 && !matchMedia("(pointer: coarse)").matches) this.composer.field.focus();
	}

	/* ---- a message and its answer */

	async say(text) {
		const c = this.conversation;
		if (!c.messages.length) c.title = titleOf(text);
		c.messages.push({ role: "user", text, made: Math.floor(Date.now() / 1000), tokens: Math.ceil(text.length / 4) + 8 });
		if (c.messages.length === 1) this.showConversation();
		this.messages.following = true;
		this.messages.refresh();
		await this.answer();
	}

	/* A conversation that has a number now can be come back to. */
	address(c) {
		if (c.id && (location.hash === "" || location.hash === "#/")) history.replaceState(null, "", "#/chat/" + c.id);
	}

	/* Writes what is said; what cannot be written stays in the page and is tried again with the next message. */
	async keep(c) {
		const isNew = c.kind === "kept" && !c.id;
		try {
			await c.save();
		} catch (error) {
			if (error.kind === "locked" || error.kind === "token") return;
			c.unsaved = true;
			this.tell("Not saved: " + error.message + " It is tried again with the next message.");
		}
		if (c !== this.conversation || this.locked) return;
		if (isNew) this.address(c);
		if (c.kind === "kept") await this.attempt(() => this.readChats());
		this.head();
	}

	busy(on) {
		this.answering = on;
		this.composer?.draw();
	}

	async answer() {
		const c = this.conversation, view = this.messages;
		const waiting = el("div.waiting", { role: "status" }, el("span.ember"), el("span.waiting-words", this.state.memory_used ? "Reading..." : "Opening the model..."));
		this.busy(true);
		this.composer.say();
		await this.keep(c);
		if (c !== this.conversation || this.locked) return this.busy(false);
		view.list.append(waiting);
		if (view.following) view.toEnd();
		announce("hearth is answering.");
		let message = null, failure = null;
		try {
			message = await c.answer(answerSettings(), {
				progress: (done, all) => { waiting.lastChild.textContent = all > done && all > 500 ? "Reading: " + Math.round(100 * done / all) + " %" : "Reading..."; },
				changed: (m) => {
					if (!m.live) {
						m.live = true;
						waiting.remove();
						if (c === this.conversation) view.refresh();
					}
					view.changed(m);
				},
			});
		} catch (error) {
			failure = error;
		}
		waiting.remove();
		for (const m of c.messages) m.live = false;
		this.busy(false);
		if (c !== this.conversation || this.locked) return undefined;
		return this.answered(c, message, failure);
	}

	async answered(c, message, failure) {
		const last = c.messages[c.messages.length - 1];
		if (last && last.role === "assistant") {
			last.made = last.made ?? Math.floor(Date.now() / 1000);
			this.messages.refresh();
			const node = this.messages.nodes.get(last);
			if (node) this.messages.draw(last, node);
		}
		await this.keep(c);
		await this.readState().catch(() => {});
		this.composer.draw();
		const following = this.messages.following;
		if (failure) {
			if (failure.kind === "context") this.tooFull(failure);
			else this.failed(failure);
			if (following) this.messages.toEnd();
			return;
		}
		announce("The answer is there.");
		this.nearlyFull(message?.finish === "length");
		if (c.kind === "open" && this.state.vault === "none" && !this.state.asked && !this.composer.note.firstChild) this.composer.say(keepQuestion(this, this.composer.note));
		if (following) this.messages.toEnd();
		if (message && !message.text && !message.thought) this.composer.say(el("p.quiet", "The model ended its answer without a word."), el("button", { onclick: () => this.answer() }, "Ask again"));
	}

	failed(error) {
		this.tell("No answer: " + error.message);
		this.composer.note.append(el("div.row", el("button", { onclick: () => { this.conversation.takeAnswerBack(); this.messages.refresh(); this.answer(); } }, "Ask again")));
	}

	stop() {
		this.conversation?.stop();
	}

	/* ---- the context is full, or nearly */

	nearlyFull(full = false) {
		const c = this.conversation, s = this.state;
		if (!s.context || c.used < NEARLY_FULL * s.context || (c.warned && !full)) return;
		c.warned = true;
		this.composer.say(el("div.card.full-card", { role: "status" },
			el("p", el("strong", "This conversation " + (full ? "" : "nearly ") + "fills what the model can see at once"), ": " + count(c.used) + " of " + count(s.context) + " tokens. " + (full ? "Nothing is left out unless you say so." : "When it is full you are asked; nothing is left out unsaid.")),
			el("div.row", el("button", { onclick: () => this.composer.say() }, "Go on"),
				c.surplus(c.used, s.context / 2) > 0 && el("button", { onclick: () => this.leaveOut(0) }, "Leave the oldest out now"), el("button.main", { onclick: () => this.fresh() }, "New conversation"))));
	}

	/* Half of the context is made free: whole exchanges, from the oldest on, which stay in the conversation. */
	leaveOut(tokens) {
		const c = this.conversation;
		const n = c.surplus(tokens || c.used, (this.state.context || tokens) / 2);
		c.first += n;
		c.used = 0;
		c.warned = false;
		this.composer.say();
		this.messages.divide();
		this.composer.draw();
		announce("The oldest " + n + " messages are left out.");
		return n;
	}

	tooFull(error) {
		const c = this.conversation, tokens = Number(error.message.match(/\d+(?= tokens)/)) || c.used;
		const n = c.surplus(tokens, this.state.context / 2);
		if (n === 0) return void this.failed(new Refusal("This message is too long: " + error.message, "refused"));
		this.composer.say(el("div.card.full-card", { role: "alert" },
			el("p", el("strong", "The model cannot see all of this conversation at once"), tokens ? ": it has " + count(tokens) + " tokens, and the model takes " + count(this.state.context) + "." : "."),
			el("p.quiet", "Its oldest " + n + " messages can be left out. They stay here to read, and a line shows where the model's sight begins."),
			el("div.row", el("button", { onclick: () => this.fresh() }, "New conversation"),
				el("button.main", { onclick: () => { this.leaveOut(tokens); this.answer(); } }, "Leave them out and answer"))));
	}

	/* ---- edit, again, branch, export */

	/* A question is asked otherwise: what was said stays in the list as it is, and a branch of it goes on. */
	async edit(i, text) {
		const c = this.conversation;
		if (this.answering) this.stop();
		await this.attempt(async () => {
			const next = await c.branch(i);
			this.conversation = next;
			history.replaceState(null, "", next.id ? "#/chat/" + next.id : "#/");
			if (next.messages.length) this.showConversation();
			await this.say(text);
		});
	}

	async again(i) {
		const c = this.conversation;
		if (this.answering) return;
		if (i < c.messages.length - 1) {
			await this.attempt(async () => {
				const next = await c.branch(i);
				this.begin(next);
				await this.answer();
			});
			return;
		}
		const before = c.takeAnswerBack();
		this.messages.refresh();
		await this.answer();
		const last = c.messages[c.messages.length - 1];
		if (before && c === this.conversation && (!last || last.role !== "assistant")) { /* none came: the one before stays */
			c.messages.push(before);
			this.messages.refresh();
		}
	}

	async branch(i) {
		await this.attempt(async () => {
			const next = await this.conversation.branch(i + 1);
			this.begin(next);
			if (next.id) history.replaceState(null, "", "#/chat/" + next.id);
			await this.readChats();
			this.head();
			announce("A new conversation goes on from here.");
		});
	}

	async exportChat(entry) {
		await this.attempt(async () => {
			const c = await Conversation.load(entry);
			if (!(await confirmDialog("Export", "The file is written in the clear, where your browser saves files.", "Export"))) return;
			const text = "# " + c.title + "\n\n" + c.messages.map((m) => "## " + (m.role === "user" ? "You" : "Answer") + "\n\n" + m.text + "\n").join("\n");
			const url = URL.createObjectURL(new Blob([text], { type: "text/markdown" }));
			el("a", { href: url, download: "conversation-" + entry.number + ".md" }).click();
			setTimeout(() => URL.revokeObjectURL(url), 10000);
		});
	}

	/* ---- models */

	async useModel(model) {
		await this.attempt(async () => {
			announce("Opening " + model.title);
			await ask("models/use", { model: model.id });
			await this.readState();
			if (this.conversation) this.conversation.used = 0;
			this.route();
		});
	}

	async modelsChanged() {
		if (this.locked) return;
		const d = this.download;
		if (d.finished && d.model) {
			d.finished = false;
			await this.attempt(() => ask("models/use", { model: d.model }));
			this.noOffer = true;
		}
		await this.readState().catch(() => {});
		if (location.hash === "#/models" || !this.conversation?.messages.length) this.route();
		this.composer?.draw();
	}

	key(event) {
		if (this.locked || document.querySelector("dialog[open]")) return;
		const act = event.key === "Escape" && this.answering ? () => this.stop() :
			event.key === "Escape" && this.root.classList.contains("side-open") ? () => { this.openSide(false); this.menuButton.focus(); } :
			(event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && this.state.vault === "open" ? () => { this.openSide(true); this.sidebar.search.focus(); } :
			event.altKey && event.code === "KeyN" ? () => this.fresh() :
			event.altKey && event.code === "KeyL" && this.state.vault === "open" && this.state.protected ? () => this.lock() : null;
		if (!act) return;
		event.preventDefault();
		act();
	}
}

new App().start();
