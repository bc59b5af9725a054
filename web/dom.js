/*
 * dom: elements made one by one.
 *
 * Nothing on this page is ever made from a string of HTML: text becomes text nodes, and the names of elements and attributes stand in
 * the code. So what a model or a document says cannot become markup, whatever it contains.
 */

function setAttribute(node, name, value) {
	if (value === null || value === undefined || value === false) return;
	if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
	else if (name === "value" || name === "checked" || name === "disabled" || name === "selected" || name === "hidden") node[name] = value;
	else node.setAttribute(name, value === true ? "" : String(value));
}

function append(node, children) {
	for (const child of children.flat(4)) {
		if (child === null || child === undefined || child === false) continue;
		node.append(child instanceof Node ? child : document.createTextNode(String(child)));
	}
	return node;
}

const isPlain = (value) => value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype;

function furnish(node, rest) {
	const attributes = isPlain(rest[0]) ? rest.shift() : {};
	for (const key of Object.keys(attributes)) setAttribute(node, key, attributes[key]);
	return append(node, rest);
}

/* el("button.main", { onclick: f }, "Stop"): an element with its classes, attributes and listeners (none may be said), and children. */
export function el(what, ...rest) {
	const [name, ...classes] = what.split(".");
	const node = document.createElement(name);
	if (classes.length) node.className = classes.join(" ");
	if (name === "button") node.type = "button";
	if (name === "input" || name === "textarea") {
		/* What is typed goes into no history and to no spelling service. */
		node.autocomplete = "off";
		node.spellcheck = false;
	}
	return furnish(node, rest);
}

const spaces = { svg: "http://www.w3.org/2000/svg", math: "http://www.w3.org/1998/Math/MathML" };

/* The same for drawings ("svg") and formulas ("math"). */
export function elIn(space, name, ...rest) {
	return furnish(document.createElementNS(spaces[space], name), rest);
}

/* Puts `children` in the place of all that a node had. */
export function fill(node, ...children) {
	node.replaceChildren();
	return append(node, children);
}

/* A sentence for screen readers, which is not seen. */
export function announce(text) {
	const place = document.getElementById("said");
	place.textContent = "";
	setTimeout(() => { place.textContent = text; }, 50);
}

const drawings = {
	add: "M12 5v14M5 12h14",
	search: "M11 4a7 7 0 1 1 0 14 7 7 0 0 1 0-14M16.5 16.5 21 21",
	send: "M12 20V5M5.5 11.5 12 5l6.5 6.5",
	stop: "M7 7h10v10H7z",
	copy: "M9 9h11v11H9zM5 15H4V4h11v1",
	edit: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
	again: "M20 11a8 8 0 1 0-1.5 6M20 5v6h-6",
	branch: "M7 5v14M7 13c0-4 10-2 10-7M5 5h4M5 19h4M15 6h4",
	more: "M5 12h.01M12 12h.01M19 12h.01",
	menu: "M4 7h16M4 12h16M4 17h16",
	close: "M6 6l12 12M18 6 6 18",
	lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
	unlock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 6.6-1.6",
	shield: "M12 3l7 3v5c0 5-3 8-7 10-4-2-7-5-7-10V6zM9 12l2.2 2.2L15.5 10",
	mask: "M3 10c3-1.5 6-1.5 9 0 3-1.5 6-1.5 9 0 0 5-2 8-5 8-2 0-3-2-4-2s-2 2-4 2c-3 0-5-3-5-8zM7 12.5h2M15 12.5h2",
	models: "M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9",
	settings: "M4 7h9M17 7h3M15 5v4M4 12h3M11 12h9M9 10v4M4 17h9M17 17h3M15 15v4",
	network: "M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18M3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
	down: "M6 9l6 6 6-6",
	check: "M5 12.5l4.5 4.5L19 7.5",
	cross: "M7 7l10 10M17 7 7 17",
	question: "M9 9a3 3 0 1 1 4 2.8c-.8.4-1 .9-1 1.7M12 17h.01",
	fetch: "M12 4v11M7 10.5l5 5 5-5M5 20h14",
	trash: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13",
	open: "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
};

/* A drawing of one line, as tall as the text around it. */
export function icon(name) {
	return elIn("svg", "svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, elIn("svg", "path", { d: drawings[name] }));
}

/* A button with a drawing and a name that is read aloud and shown as a tip. */
export function iconButton(name, label, onclick, more = {}) {
	return el("button.icon-button", { "aria-label": label, title: label, onclick, ...more }, icon(name));
}

/* What is folded away behind a line. */
export function fold(title, ...children) {
	return el("details.other", el("summary", icon("down"), title), children);
}

/* What went wrong, read aloud at once. */
export function problem(...children) {
	return el("p.error", { role: "alert" }, children);
}

/* Copies text and says so on the button for a moment. */
export async function copyText(text, button) {
	try {
		await navigator.clipboard.writeText(text);
	} catch {
		return announce("The browser does not let this page copy.");
	}
	announce("Copied.");
	button.classList.add("done");
	return setTimeout(() => button.classList.remove("done"), 1500);
}
