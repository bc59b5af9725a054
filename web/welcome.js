/* welcome: what stands where the first message will be: one line about what stays here, and a way to a better model, if there is one. */
import { el, icon } from "./dom.js";
import { ask } from "./api.js";
import { downloadNode, modelCard, recommended } from "./models.js";

const greeting = (hour) => (hour < 5 ? "Good night" : hour < 12 ? "Good morning" : hour < 18 ? "Good afternoon" : "Good evening");

/* The model that suits this machine better than the one that answers; empty when there is none, or the person waved it away. */
async function offer(app, place) {
	if (app.noOffer) return;
	let models;
	try {
		models = (await ask("models")).items;
	} catch {
		return; /* the page of models says why */
	}
	const best = recommended(models);
	if (!best || best.current || !place.isConnected) return;
	const later = el("button.plain", { onclick: () => { app.noOffer = true; place.replaceChildren(); } }, "Not now");
	place.replaceChildren(el("section.offer", { "aria-label": "A better model" },
		el("p.quiet", app.state.builtin ? "You can try hearth right now with the small model that comes with it. A better one for this machine:" : "A better model for this machine:"),
		modelCard(app, best, true), el("div.row", el("a.plain.button", { href: "#/models" }, "Other models"), later)));
}

export function welcome(app) {
	const place = el("div.offer-place");
	const secret = app.conversation.kind === "private";
	if (!secret && app.state.builtin) offer(app, place);
	return el("div.welcome",
		el("img", { src: "icon.svg", alt: "", width: 56, height: 56 }),
		el("h1", secret ? "A private conversation" : greeting(new Date().getHours())),
		el("p.promise", secret ? [icon("mask"), " Nothing of it is written anywhere. It is gone when you leave it."] :
			[icon("shield"), " Nothing you write leaves this machine. ", el("a", { href: "#/proof", onclick: () => { app.proveNow = true; } }, "Prove it")]),
		downloadNode(app.download), place);
}
