/*
 * visible: what would be obeyed or hidden is shown.
 *
 * Control characters, marks that turn the direction of writing, and characters without width come from models and documents as well as
 * from people. They are shown as small labels, so that text never looks other than it is. Joiners stay, since scripts and emoji need
 * them.
 */
import { el } from "./dom.js";

const hidden = new RegExp(
	"[\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180e\\u200b" +
	"\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff0-\\ufffb]" +
	"|\\udb40[\\udc00-\\uddef]|[\\ud800-\\udbff](?![\\udc00-\\udfff])|(?<![\\ud800-\\udbff])[\\udc00-\\udfff]",
	"g");

const names = {
	0x1b: "ESC", 0x00: "NUL", 0x07: "BEL", 0x200b: "ZWSP", 0x200e: "LRM", 0x200f: "RLM", 0x202d: "LRO", 0x202e: "RLO", 0xfeff: "BOM",
};

function label(character) {
	const code = character.codePointAt(0);
	return names[code] ?? "U+" + code.toString(16).toUpperCase().padStart(4, "0");
}

/* Line ends of all kinds become one. */
export function plainLines(text) {
	return text.replace(/\r\n?|\u2028|\u2029|\u0085/g, "\n");
}

/* Appends text to a node; what is hidden becomes a label. */
export function appendVisible(node, text) {
	let at = 0;
	for (const match of text.matchAll(hidden)) {
		if (match.index > at) node.append(text.slice(at, match.index));
		const name = label(match[0]);
		node.append(el("span.hidden-mark", { title: "A character that is not seen (" + name + ")" }, name));
		at = match.index + match[0].length;
	}
	if (at < text.length) node.append(text.slice(at));
	return node;
}

/* The same as nodes. */
export function shown(text) {
	return appendVisible(document.createDocumentFragment(), text);
}

/* The same as a text, for titles and labels. */
export function visibleText(text) {
	return text.replace(hidden, (c) => "\u2039" + label(c) + "\u203a");
}

/* What is copied is what was seen: without the characters that were not. */
export function withoutHidden(text) {
	return text.replace(hidden, "");
}
