/*
 * markdown: from what a model wrote to elements, of a closed set.
 *
 * Read are headings, paragraphs, lists, quotes, tables, code, rules and formulas, with emphasis, code, links and formulas inside.
 * HTML is text like any other. A picture becomes its description and its address, and is never fetched. A link is a button that
 * shows its true address and asks before it opens: an element with an address would make the browser look up its host by itself.
 *
 * Blocks are read line by line; `Rendering` keeps the elements of all blocks but the last while an answer grows, since only that
 * one can still change. All searching has bounds, so that no text takes long.
 */
import { el, copyText, icon } from "./dom.js";
import { appendVisible, plainLines, withoutHidden, shown } from "./visible.js";
import { formula } from "./formula.js";
import { highlight } from "./highlight.js";
import { askToOpen } from "./link.js";

const MOST_DEPTH = 12, MOST_ADDRESS = 2000, MOST_FORMULA = 1500;

/* ---- blocks: { kind, from, to (lines), ... } */

const blank = /^\s*$/;
const fenceMark = /^ {0,3}(?:(`{3,})(?!`)|(~{3,})(?!~))/;
const heading = /^ {0,3}(#{1,6})(?:[ \t]|$)/;
const rule = /^ {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$/;
const quote = /^ {0,3}> ?/;
const bullet = /^( {0,3})([-*+]|\d{1,9}[.)])( +|\t|$)/;
const tableRule = /^ {0,3}\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;
const mathOpen = /^\s*(\$\$|\\\[)/;

const indentOf = (line) => line.match(/^[ \t]*/)[0].replace(/\t/g, "    ").length;

function dropIndent(line, n) {
	let i = 0;
	for (let width = 0; i < line.length && width < n && (line[i] === " " || line[i] === "\t"); i++) width += line[i] === "\t" ? 4 : 1;
	return line.slice(i);
}

/* The mark of a line that opens code, and what stands behind it; null for other lines. */
function fence(line) {
	const match = line.match(fenceMark);
	if (!match) return null;
	const info = line.slice(match[0].length);
	return match[1] && info.includes("`") ? null : { mark: match[1] ?? match[2], info: info.trim() };
}

function headingText(line) {
	let text = line.trim().replace(/^#+/, "").trim();
	let end = text.length;
	while (end && text[end - 1] === "#") end--;
	if (end < text.length && (end === 0 || /\s/.test(text[end - 1]))) text = text.slice(0, end).trim();
	return text;
}

function readFence(lines, at) {
	const { mark, info } = fence(lines[at]);
	const end = new RegExp("^ {0,3}" + mark[0] + "{" + mark.length + ",}\\s*$");
	const indent = indentOf(lines[at]);
	let to = at + 1;
	while (to < lines.length && !end.test(lines[to])) to++;
	const text = lines.slice(at + 1, to).map((l) => dropIndent(l, indent)).join("\n");
	return { kind: "code", text, language: info.split(/\s/)[0], closed: to < lines.length, to: Math.min(to + 1, lines.length) };
}

function readMath(lines, at) {
	const open = lines[at].match(mathOpen)[1], close = open === "$$" ? "$$" : "\\]";
	const first = lines[at].trim().slice(2);
	const found = first.indexOf(close);
	if (found >= 0) return first.slice(found + 2).trim() ? null : { kind: "math", text: first.slice(0, found), to: at + 1 };
	for (let to = at + 1; to < lines.length && to - at < 60 && !blank.test(lines[to]); to++) {
		const end = lines[to].indexOf(close);
		if (end < 0) continue;
		if (lines[to].slice(end + 2).trim()) return null;
		return { kind: "math", text: [first, ...lines.slice(at + 1, to), lines[to].slice(0, end)].join("\n"), to: to + 1 };
	}
	return null;
}

function readQuote(lines, at) {
	let to = at;
	const inner = [];
	while (to < lines.length && (quote.test(lines[to]) || (to > at && !blank.test(lines[to]) && !startsBlock(lines, to)))) {
		inner.push(lines[to].replace(quote, ""));
		to++;
	}
	return { kind: "quote", lines: inner, to };
}

/* An item goes on with lines that are indented as far as its text, and with plain lines that follow without a gap. */
function readItem(lines, at, own, width) {
	const inner = [dropIndent(lines[at], width)];
	let to = at + 1, gap = false, loose = false;
	for (; to < lines.length; to++) {
		const line = lines[to];
		if (blank.test(line)) {
			gap = true;
		} else if (indentOf(line) >= own + 2) {
			loose = loose || gap;
			gap = false;
		} else if (gap || bullet.test(line) || startsBlock(lines, to)) {
			break;
		}
		inner.push(dropIndent(line, width));
	}
	while (inner.length > 1 && blank.test(inner[inner.length - 1])) inner.pop();
	return { inner, to, gap, loose };
}

const listKind = (mark) => (/\d/.test(mark) ? mark.slice(-1) : mark);

function readList(lines, at) {
	const first = lines[at].match(bullet)[2], kind = listKind(first);
	const list = { kind: "list", ordered: /\d/.test(first), start: parseInt(first, 10) || 0, items: [], loose: false, to: at };
	while (list.to < lines.length) {
		const match = lines[list.to].match(bullet);
		if (!match || listKind(match[2]) !== kind || rule.test(lines[list.to])) break;
		const width = match[0].length > match[1].length + match[2].length + 4 ? match[1].length + match[2].length + 1 : match[0].length;
		const line = lines[list.to];
		lines[list.to] = " ".repeat(match[1].length + match[2].length) + line.slice(match[1].length + match[2].length);
		const item = readItem(lines, list.to, match[1].length, Math.max(width, match[1].length + match[2].length + 1));
		lines[list.to] = line;
		list.items.push(item.inner);
		list.to = item.to;
		const more = list.to < lines.length && bullet.test(lines[list.to]);
		if (item.loose || (item.gap && more)) list.loose = true;
		if (!more) break;
	}
	return list;
}

function cells(line) {
	let text = line.trim();
	if (text.startsWith("|")) text = text.slice(1);
	if (text.endsWith("|") && !text.endsWith("\\|")) text = text.slice(0, -1);
	const out = [""];
	for (let i = 0; i < text.length; i++) {
		if (text[i] === "\\" && text[i + 1] === "|") out[out.length - 1] += text[++i];
		else if (text[i] === "|") out.push("");
		else out[out.length - 1] += text[i];
	}
	return out.map((c) => c.trim());
}

function startsTable(lines, at) {
	return at + 1 < lines.length && lines[at].includes("|") && tableRule.test(lines[at + 1]) && lines[at + 1].includes("-") &&
		cells(lines[at]).length === cells(lines[at + 1]).length;
}

function readTable(lines, at) {
	const sides = cells(lines[at + 1]).map((c) => (c.endsWith(":") ? (c.startsWith(":") ? "middle" : "right") : "left"));
	let to = at + 2;
	while (to < lines.length && !blank.test(lines[to]) && lines[to].includes("|")) to++;
	return { kind: "table", sides, head: cells(lines[at]), rows: lines.slice(at + 2, to).map(cells), to };
}

function startsBlock(lines, at) {
	const line = lines[at];
	const item = line.match(bullet);
	return fence(line) || heading.test(line) || rule.test(line) || quote.test(line) ||
		(item && item[3] && (!/\d/.test(item[2]) || /^1[.)]/.test(item[2]))) || mathOpen.test(line) || startsTable(lines, at);
}

function readParagraph(lines, at) {
	let to = at + 1;
	while (to < lines.length && !blank.test(lines[to]) && !startsBlock(lines, to)) to++;
	return { kind: "paragraph", text: lines.slice(at, to).join("\n"), to };
}

function readBlock(lines, at) {
	const line = lines[at];
	if (fence(line)) return readFence(lines, at);
	const head = line.match(heading);
	if (head) return { kind: "heading", level: head[1].length, text: headingText(line), to: at + 1 };
	if (rule.test(line)) return { kind: "rule", to: at + 1 };
	if (mathOpen.test(line)) {
		const math = readMath(lines, at);
		if (math) return math;
	}
	if (quote.test(line)) return readQuote(lines, at);
	if (bullet.test(line)) return readList(lines, at);
	if (startsTable(lines, at)) return readTable(lines, at);
	return readParagraph(lines, at);
}

/* All blocks of some lines; each knows on which line it begins. */
function readBlocks(lines) {
	const blocks = [];
	for (let at = 0; at < lines.length;) {
		if (blank.test(lines[at])) {
			at++;
			continue;
		}
		const block = readBlock(lines, at);
		block.from = at;
		blocks.push(block);
		at = block.to;
	}
	return blocks;
}

/* ---- what stands inside a line */

const entities = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", "#39": "'", nbsp: " " };
const bareAddress = /^https?:\/\/[^\s<>"'`]+[^\s<>"'`.,;:!?)\]}*_]/;

/* Where runs of backquotes of each length stand, so that a missing end costs nothing. */
function runsOf(text) {
	const runs = new Map();
	for (const match of text.matchAll(/`+/g)) {
		if (!runs.has(match[0].length)) runs.set(match[0].length, []);
		runs.get(match[0].length).push(match.index);
	}
	return runs;
}

function codeAt(text, at, runs) {
	const length = text.slice(at).match(/^`+/)[0].length;
	const places = runs.get(length);
	while (places.length && places[0] <= at) places.shift();
	if (!places.length) return null;
	const end = places[0];
	let inner = text.slice(at + length, end).replace(/\n/g, " ");
	if (/^ .* $/.test(inner) && inner.trim()) inner = inner.slice(1, -1);
	return { node: appendVisible(el("code"), inner), to: end + length, skip: length };
}

/* $...$ as people write formulas, not as they write prices: no space inside the marks, no digit behind. */
function formulaAt(text, at) {
	const window = text.slice(at, at + MOST_FORMULA);
	const match = window.match(/^\\\(([^]*?)\\\)/) ?? window.match(/^\\\[([^]*?)\\\]/) ?? window.match(/^\$\$([^$]+)\$\$/) ??
		window.match(/^\$(?![\s$])((?:[^$\\\n]|\\[^\n])*?[^\s\\$]|[^\s\\$])\$(?![\d])/);
	return match ? { node: formula(match[1], false), to: at + match[0].length } : null;
}

/* The address and end of "](address)" from the place of its "(". */
function destination(text, at) {
	let i = at + 1, depth = 1;
	const limit = Math.min(text.length, at + MOST_ADDRESS);
	while (i < limit && /\s/.test(text[i])) i++;
	if (text[i] === "<") {
		const end = text.indexOf(">", i);
		const close = end < 0 || end > limit ? -1 : text.slice(end + 1, end + 300).search(/\)/);
		return close < 0 ? null : { address: text.slice(i + 1, end), to: end + 1 + close + 1 };
	}
	const from = i;
	for (; i < limit; i++) {
		if (text[i] === "\\") i++;
		else if (text[i] === "(") depth++;
		else if (text[i] === ")" && --depth === 0) break;
	}
	if (depth) return null;
	const inside = text.slice(from, i).trim().match(/^(\S*)(?:\s+["'(][^]*["')])?$/);
	return inside ? { address: inside[1], to: i + 1 } : null;
}

/* A link: its words, and its true address where the words do not say it. */
function link(address, words) {
	let url = null;
	try {
		url = new URL(address);
	} catch { /* no address: its text stays */ }
	const node = el("span.link");
	const usable = url && ["http:", "https:", "mailto:"].includes(url.protocol);
	const shown = usable ? url.href : address;
	const button = usable ? el("button.link-button", { title: shown, onclick: () => askToOpen(url) }, words) : el("span", words);
	node.append(button);
	const same = button.textContent.trim().replace(/\/$/, "") === shown.replace(/\/$/, "");
	if (!same && shown) node.append(appendVisible(el("span.link-address"), " (" + (shown.length > 120 ? shown.slice(0, 117) + "..." : shown) + ")"));
	return node;
}

function picture(address, words) {
	const node = el("span.picture", icon("open"), " picture not fetched: ", words);
	if (address) node.append(appendVisible(el("span.link-address"), " (" + address.slice(0, 200) + ")"));
	return node;
}

/* A list of pieces in which emphasis marks are still open: { text }, { node }, or { mark, n, opens, closes }. */
class Inline {
	constructor(text, depth) {
		this.text = text;
		this.depth = depth;
		this.runs = runsOf(text);
		this.pieces = [];
		this.brackets = [];
		this.plain = "";
		this.patience = 300; /* searches for a formula's end that may fail */
	}

	flush() {
		if (this.plain) this.pieces.push({ text: this.plain });
		this.plain = "";
	}

	push(node) {
		this.flush();
		this.pieces.push({ node });
	}

	emphasis(at) {
		const mark = this.text[at];
		let to = at;
		while (this.text[to] === mark) to++;
		const before = at ? this.text[at - 1] : " ", after = to < this.text.length ? this.text[to] : " ";
		const space = /\s/, mild = /[\s\p{P}\p{S}]/u;
		const left = !space.test(after) && (!mild.test(after) || mild.test(before));
		const right = !space.test(before) && (!mild.test(before) || mild.test(after));
		const inside = mark === "_" && left && right;
		if (to - at > 12) {
			this.plain += this.text.slice(at, to);
			return to;
		}
		this.flush();
		this.pieces.push({ mark, n: to - at, opens: left && !(inside && !mild.test(before)), closes: right && !(inside && !mild.test(after)) });
		return to;
	}

	/* "]" with an address behind it closes the last open bracket. */
	bracket(at) {
		const open = this.brackets.pop();
		if (!open) return 0;
		const target = this.text[at + 1] === "(" ? destination(this.text, at + 1) : null;
		if (!target) return 0;
		this.flush();
		const inner = this.pieces.splice(open.place);
		inner.shift();
		const words = toNodes(inner);
		const node = open.picture ? picture(target.address, words) : link(target.address, words.length ? words : [target.address]);
		this.pieces.push({ node });
		return target.to;
	}

	special(at) {
		const text = this.text, c = text[at];
		let found = null;
		if (c === "`") {
			found = codeAt(text, at, this.runs);
			if (!found) {
				const run = text.slice(at).match(/^`+/)[0];
				this.plain += run;
				return at + run.length;
			}
		}
		if ((c === "$" || (c === "\\" && (text[at + 1] === "(" || text[at + 1] === "["))) && this.patience > 0) {
			found = formulaAt(text, at);
			if (!found) this.patience--;
		}
		if (found) {
			this.push(found.node);
			return found.to;
		}
		if (c === "\\") return this.escape(at);
		if (c === "*" || c === "_" || (c === "~" && text[at + 1] === "~")) return this.emphasis(at);
		if (c === "[" || (c === "!" && text[at + 1] === "[")) {
			this.flush();
			this.brackets.push({ place: this.pieces.length, picture: c === "!" });
			this.pieces.push({ text: c === "!" ? "![" : "[" });
			return at + (c === "!" ? 2 : 1);
		}
		if (c === "]") return this.bracket(at);
		if (c === "<") return this.angle(at);
		if (c === "h") return this.address(at);
		if (c === "&") return this.entity(at);
		if (c === "\n") return this.lineEnd(at);
		return 0;
	}

	escape(at) {
		const next = this.text[at + 1];
		if (next === "\n") {
			this.push(el("br"));
			return at + 2;
		}
		if (!next || !/[!-/:-@[-`{-~]/.test(next)) return 0;
		this.plain += next;
		return at + 2;
	}

	angle(at) {
		const match = this.text.slice(at, at + MOST_ADDRESS).match(/^<((?:https?:\/\/|mailto:)[^\s<>]+)>/);
		if (match) {
			this.push(link(match[1], [match[1]]));
			return at + match[0].length;
		}
		const line = this.text.slice(at, at + 8).match(/^<br\s*\/?>/i);
		if (!line) return 0;
		this.push(el("br"));
		return at + line[0].length;
	}

	address(at) {
		if (at && /[\p{L}\p{N}]/u.test(this.text[at - 1])) return 0;
		const match = this.text.startsWith("http", at) && this.text.slice(at, at + MOST_ADDRESS).match(bareAddress);
		if (!match) return 0;
		this.push(link(match[0], [match[0]]));
		return at + match[0].length;
	}

	entity(at) {
		const match = this.text.slice(at, at + 12).match(/^&(#39|[a-z]+);/);
		if (!match || !(Object.hasOwn(entities, match[1]))) return 0;
		this.plain += entities[match[1]];
		return at + match[0].length;
	}

	/* Two spaces before a line's end break the line; elsewhere style sheets keep it (pre-line), since models mean it so. */
	lineEnd(at) {
		const hard = this.plain.endsWith("  ");
		this.plain = this.plain.trimEnd();
		if (hard) this.push(el("br"));
		else this.plain += "\n";
		let to = at + 1;
		while (this.text[to] === " ") to++;
		return to;
	}

	read() {
		for (let at = 0; at < this.text.length;) {
			const to = this.special(at);
			if (!to) this.plain += this.text[at];
			at = to || at + 1;
		}
		this.flush();
		return toNodes(this.pieces);
	}
}

const emphasisNames = { "*": ["em", "strong"], _: ["em", "strong"], "~": ["del", "del"] };

/* Pairs emphasis marks: each that closes takes the nearest one of its kind that opens. */
function toNodes(pieces) {
	const open = [{ nodes: [] }];
	const give = () => open[open.length - 1].nodes;
	const undo = () => {
		const top = open.pop();
		give().push(top.mark.repeat(top.n), ...top.nodes);
	};
	for (const piece of pieces) {
		if (piece.node) give().push(piece.node);
		else if (piece.text !== undefined) give().push(piece.text);
		else closeMarks(piece, open, give, undo);
	}
	while (open.length > 1) undo();
	return open[0].nodes.map((n) => (typeof n === "string" ? shown(n) : n));
}

function closeMarks(piece, open, give, undo) {
	let n = piece.n;
	while (piece.closes && n > 0) {
		let i = open.length - 1;
		while (i > 0 && open[i].mark !== piece.mark) i--;
		if (i === 0) break;
		while (open.length - 1 > i) undo();
		const top = open[i];
		const used = piece.mark === "~" ? Math.min(top.n, n) : Math.min(top.n, n, 2);
		const node = el(emphasisNames[piece.mark][used > 1 ? 1 : 0]);
		for (const child of top.nodes) typeof child === "string" ? appendVisible(node, child) : node.append(child);
		top.n -= used;
		n -= used;
		top.nodes = [node];
		if (top.n === 0) {
			open.pop();
			give().push(node);
		}
	}
	if (n > 0 && piece.opens && open.length < 40) open.push({ mark: piece.mark, n, nodes: [] });
	else if (n > 0) give().push(piece.mark.repeat(n));
}

function inline(text, depth) {
	return new Inline(text, depth).read();
}

/* ---- elements */

function codeBlock(block) {
	const copy = el("button.code-copy", icon("copy"), el("span", "Copy"));
	copy.addEventListener("click", () => copyText(withoutHidden(block.text), copy));
	const name = block.language.replace(/[^\w+#.-]/g, "").slice(0, 24);
	return el("figure.code", el("figcaption", el("span", name || "text"), copy),
		el("pre", { tabindex: "0", "aria-label": "Code" }, el("code", highlight(block.text, name.toLowerCase()))));
}

function table(block) {
	const row = (cellsOfRow, name) => el("tr", block.sides.map((side, i) => el(name, { class: side, scope: name === "th" ? "col" : null }, inline(cellsOfRow[i] ?? "", 0))));
	return el("div.table", { tabindex: "0", role: "group", "aria-label": "Table" },
		el("table", el("thead", row(block.head, "th")), el("tbody", block.rows.map((r) => row(r, "td")))));
}

function listItem(lines, loose, depth) {
	const task = lines[0].match(/^\s*\[([ xX])\]\s+/);
	if (task) lines = [lines[0].slice(task[0].length), ...lines.slice(1)];
	const box = task && el("input", { type: "checkbox", disabled: true, checked: task[1] !== " ", "aria-label": task[1] === " " ? "not done" : "done" });
	const blocks = depth > MOST_DEPTH ? [{ kind: "paragraph", text: lines.join("\n") }] : readBlocks(lines);
	return el("li", { class: task ? "task" : null }, box, blocks.map((b) => (!loose && b.kind === "paragraph" ? inline(b.text, depth) : toElement(b, depth))));
}

function toElement(block, depth) {
	switch (block.kind) {
	case "heading": return el("h" + Math.min(block.level + 2, 6), {}, inline(block.text, depth));
	case "rule": return el("hr");
	case "code": return codeBlock(block);
	case "math": return formula(block.text, true);
	case "table": return table(block);
	case "list": return el(block.ordered ? "ol" : "ul", { start: block.ordered && block.start !== 1 ? block.start : null },
		block.items.map((item) => listItem(item, block.loose, depth + 1)));
	case "quote": return el("blockquote", (depth > MOST_DEPTH ? [{ kind: "paragraph", text: block.lines.join("\n") }] : readBlocks(block.lines)).map((b) => toElement(b, depth + 1)));
	default: return el("p", inline(block.text.trim(), depth));
	}
}

/* What was rendered of a text that grows: `update` may be called again and again with the whole text. */
export class Rendering {
	constructor(place) {
		this.place = place;
		this.done = 0; /* characters whose blocks cannot change any more */
		this.last = []; /* nodes of the rest */
		this.source = "";
	}

	update(text) {
		text = plainLines(text);
		if (!text.startsWith(this.source.slice(0, this.done))) {
			this.place.replaceChildren();
			this.done = 0;
			this.last = [];
		}
		this.source = text;
		const lines = text.slice(this.done).split("\n");
		const blocks = readBlocks(lines);
		for (const node of this.last) node.remove();
		const nodes = blocks.map((b) => toElement(b, 0));
		this.place.append(...nodes);
		this.last = nodes.slice(-1);
		if (blocks.length > 1) {
			const from = blocks[blocks.length - 1].from;
			for (let i = 0; i < from; i++) this.done += lines[i].length + 1;
		}
	}
}
