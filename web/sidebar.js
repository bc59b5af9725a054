/* sidebar: the conversations, searching in them, and the ways to the other pages. */
import { el, fill, icon, iconButton } from "./dom.js";
import { ask } from "./api.js";
import { askLine, confirmDialog } from "./dialog.js";
import { visibleText, appendVisible } from "./visible.js";
import { dayName, moment } from "./words.js";

const SHOWN = 100, TYPING_MS = 250;

export class Sidebar {
	constructor(app) {
		this.app = app;
		this.shown = SHOWN;
		this.search = el("input", { type: "search", placeholder: "Search", "aria-label": "Search in conversations", maxlength: 400 });
		this.list = el("div.chat-list");
		this.foot = el("div.side-foot");
		this.timer = 0;
		this.search.addEventListener("input", () => {
			clearTimeout(this.timer);
			this.timer = setTimeout(() => this.find(), TYPING_MS);
		});
		this.search.addEventListener("keydown", (event) => {
			if (event.key === "Escape") {
				this.search.value = "";
				this.draw();
			} else if (event.key === "ArrowDown" || event.key === "Enter") {
				event.preventDefault();
				if (event.key === "Enter") this.find();
				this.list.querySelector("a, button")?.focus();
			}
		});
		this.node = el("nav.side", { id: "side", "aria-label": "Conversations and pages" },
			el("div.side-head", el("a.brand", { href: "#/", onclick: () => app.fresh() }, el("img", { src: "icon.svg", alt: "", width: 28, height: 28 }), "hearth"),
				iconButton("close", "Close the list", () => app.openSide(false), { class: "icon-button only-phone" })),
			el("div.side-new",
				el("button.new", { onclick: () => app.fresh() }, icon("add"), "New conversation"),
				iconButton("mask", "New private conversation: nothing of it is kept", () => app.startPrivate(), { class: "icon-button framed" })),
			el("div.searching", icon("search"), this.search),
			this.list, this.foot);
	}

	draw() {
		const app = this.app, state = app.state;
		this.search.parentNode.hidden = state.vault !== "open";
		if (!this.search.value.trim()) this.drawChats();
		const way = (name, href, label) => el("a", { href, class: "way", "aria-current": location.hash === href ? "page" : null, onclick: () => app.openSide(false) }, icon(name), label);
		fill(this.foot, way("models", "#/models", "Models"), way("settings", "#/settings", "Settings"), way("shield", "#/proof", "Proof of privacy"),
			state.vault === "open" && state.protected && el("button.way", { onclick: () => app.lock() }, icon("lock"), "Lock"));
	}

	drawChats() {
		const app = this.app;
		if (app.state.vault !== "open") {
			fill(this.list, el("p.quiet.none", app.state.vault === "locked" ? "Your conversations are locked." : "Conversations are not kept. They are gone when you close this page."),
				app.state.vault === "locked" ? el("button.plain", { onclick: () => app.showLock() }, icon("unlock"), "Unlock") : el("button.plain", { onclick: () => app.createVault() }, icon("lock"), "Keep them, encrypted"));
			return;
		}
		const nodes = [];
		let day = "";
		for (const chat of app.chats.slice(0, this.shown)) {
			const name = dayName(chat.changed);
			if (name !== day) nodes.push(el("h2", name));
			day = name;
			nodes.push(this.entry(chat));
		}
		if (app.chats.length > this.shown) nodes.push(el("button.plain", { onclick: () => { this.shown += SHOWN * 3; this.drawChats(); } }, "Older ones"));
		if (!nodes.length) nodes.push(el("p.quiet.none", "What you ask is kept here, encrypted."));
		fill(this.list, nodes);
	}

	entry(chat) {
		const here = this.app.conversation && this.app.conversation.id === chat.number;
		const more = iconButton("more", "Rename, export or delete", () => this.menu(chat, more), { "aria-haspopup": "menu" });
		return el("div", { class: here ? "entry here" : "entry" },
			el("a", { href: "#/chat/" + chat.number, "aria-current": here ? "page" : null, title: visibleText(chat.title), onclick: () => this.app.openSide(false) }, chat.branch_of ? icon("branch") : null, el("span", visibleText(chat.title) || "Without a title")), more);
	}

	menu(chat, button) {
		document.querySelector(".menu")?.remove();
		const close = () => {
			menu.remove();
			document.removeEventListener("pointerdown", outside, true);
		};
		const outside = (event) => { if (!menu.contains(event.target)) close(); };
		const item = (name, label, act) => el("button", { role: "menuitem", onclick: () => { close(); act(); } }, icon(name), label);
		const menu = el("div.menu", { role: "menu" }, item("edit", "Rename", () => this.rename(chat)), item("fetch", "Export", () => this.app.exportChat(chat)), item("trash", "Delete", () => this.remove(chat)));
		menu.addEventListener("keydown", (event) => {
			const items = [...menu.children], i = items.indexOf(document.activeElement);
			if (event.key === "Escape" || event.key === "Tab") {
				close();
				button.focus();
				event.preventDefault();
			}
			if (event.key === "ArrowDown") items[(i + 1) % items.length].focus();
			if (event.key === "ArrowUp") items[(i + items.length - 1) % items.length].focus();
			if (event.key.startsWith("Arrow")) event.preventDefault();
		});
		const box = button.getBoundingClientRect();
		menu.style.top = Math.min(box.bottom + 4, innerHeight - 150) + "px";
		menu.style.left = Math.min(box.left, innerWidth - 190) + "px";
		document.body.append(menu);
		document.addEventListener("pointerdown", outside, true);
		menu.firstChild.focus();
	}

	async rename(chat) {
		const title = await askLine("Rename", "Title", chat.title, "Rename");
		if (!title || title === chat.title) return;
		await this.app.attempt(async () => {
			await ask("chats/rename", { number: chat.number, title });
			if (this.app.conversation?.id === chat.number) this.app.conversation.title = title;
			await this.app.readChats();
		});
	}

	async remove(chat) {
		if (!(await confirmDialog("Delete this conversation?", "“" + visibleText(chat.title) + "” is erased for good: its key is forgotten, and nobody can read it again.", "Delete", true))) return;
		await this.app.attempt(async () => {
			await ask("chats/delete", { number: chat.number });
			if (this.app.conversation?.id === chat.number) this.app.fresh();
			await this.app.readChats();
		});
	}

	async find() {
		const words = this.search.value.trim();
		if (!words) return this.draw();
		return this.app.attempt(async () => {
			const found = (await ask("chats/search", { words })).items;
			if (this.search.value.trim() !== words) return;
			fill(this.list, el("p.quiet.none", { role: "status" }, found.length ? found.length + (found.length === 1 ? " place" : " places") : "No message has all of these words."),
				found.map((hit) => el("a.hit", { href: "#/chat/" + hit.number + "/" + hit.position, onclick: () => this.app.openSide(false) },
					el("strong", visibleText(hit.title)), appendVisible(el("span"), hit.text), el("small", (hit.role === "user" ? "you, " : "answer, ") + moment(hit.made)))));
		});
	}
}
