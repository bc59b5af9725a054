/*
 * highlight: colours for code: comments, strings, numbers, keywords and names that are called.
 *
 * One reader for all languages, told apart by a row each: how comments and strings look, and the words that it has for itself. It
 * goes over the text once with patterns that cannot backtrack, and leaves what is very long as it is.
 */
import { el } from "./dom.js";
import { appendVisible, shown } from "./visible.js";

const MOST = 60000;

/* One set for all: a word that only a relative has is coloured too, which costs nothing. What begins with "@" is one as well, and in
 * SQL whatever is written large. */
const keywords = new Set("abstract and as assert async await begin bool boolean break case catch char class const constexpr continue crate def default defer del delete do done double echo elif else elsif end enum esac except export extends extern false False fi final finally float fn for from func function global go goto if impl implements import in include inline instanceof int interface is lambda let local long match mod module mut namespace new nil None nonlocal not null NULL nullptr operator or override package pass private protected pub public raise readonly rescue return self short signed sizeof source static str string struct super switch template then this throw throws trait true True try type typedef typename typeof undefined union unless unsafe unsigned until use using var virtual void volatile when where while with yield".split(" "));

const cBlock = ["/*", "*/"];
const languages = {
	c: { line: ["//"], block: cBlock, quotes: "\"'`" },
	python: { line: ["#"], quotes: "\"'", triple: true },
	sql: { line: ["--"], block: cBlock, quotes: "'\"", large: true },
	css: { block: cBlock, quotes: "\"'" },
	json: { quotes: "\"" },
	ini: { line: ["#", ";"], quotes: "\"'" },
	html: { block: ["<!--", "-->"], quotes: "\"'", tags: true },
};

const other = Object.fromEntries(Object.entries({
	c: "c++ cpp cc h hpp objective-c js javascript ts typescript jsx tsx mjs java kotlin kt scala c# csharp cs swift php dart go golang rust rs zig",
	python: "py python3 ruby rb r julia lua shell sh bash zsh console powershell dockerfile makefile", css: "scss less", json: "jsonc json5",
	ini: "yaml yml toml conf properties", html: "xml svg vue", sql: "mysql postgresql sqlite",
}).flatMap(([row, names]) => names.split(" ").map((name) => [name, row])));

/* The end of a string that begins at `at`: its mark on the same line, or the line's end. */
function stringEnd(text, at, row) {
	const mark = text[at];
	if (row.triple && text.startsWith(mark.repeat(3), at)) {
		const end = text.indexOf(mark.repeat(3), at + 3);
		return end < 0 ? text.length : end + 3;
	}
	let i = at + 1;
	while (i < text.length && text[i] !== mark && (text[i] !== "\n" || mark === "`")) i += text[i] === "\\" ? 2 : 1;
	return Math.min(i + 1, text.length);
}

/* What begins at `at`: its kind and its end; null: nothing of interest. */
function piece(text, at, row) {
	const here = text[at];
	for (const mark of row.line ?? []) {
		if (!text.startsWith(mark, at) || (mark === "#" && at && !/[\s;(]/.test(text[at - 1]))) continue;
		const end = text.indexOf("\n", at);
		return { kind: "comment", to: end < 0 ? text.length : end };
	}
	if (row.block && text.startsWith(row.block[0], at)) {
		const end = text.indexOf(row.block[1], at + row.block[0].length);
		return { kind: "comment", to: end < 0 ? text.length : end + row.block[1].length };
	}
	if (row.tags && here === "<") {
		let to = at + (text[at + 1] === "/" ? 2 : 1);
		const from = to;
		while (to < text.length && /[\w:-]/.test(text[to])) to++;
		return to > from ? { kind: "keyword", to } : null;
	}
	if (row.quotes && row.quotes.includes(here)) {
		/* An apostrophe inside a word is none. */
		if (here === "'" && at && /\w/.test(text[at - 1])) return null;
		return { kind: "string", to: stringEnd(text, at, row) };
	}
	if (/\d/.test(here)) {
		let to = at + 1;
		while (to < text.length && /[\w.]/.test(text[to])) to++;
		return { kind: "number", to };
	}
	if (!/[A-Za-z_@$\\]/.test(here)) return null;
	let to = at + 1;
	while (to < text.length && /[\w$]/.test(text[to])) to++;
	const word = text.slice(at, to);
	if (keywords.has(word) || here === "@" || here === "\\" || (row.large && /^[A-Z]{2}/.test(word))) return { kind: "keyword", to };
	return { kind: text[to] === "(" ? "call" : null, to };
}

/* Nodes for a piece of code. */
export function highlight(text, language) {
	const row = languages[other[language] ?? language];
	if (!row || text.length > MOST) return shown(text);
	const out = document.createDocumentFragment();
	let plain = 0;
	for (let at = 0; at < text.length;) {
		const found = piece(text, at, row);
		if (found && found.kind) {
			if (plain < at) appendVisible(out, text.slice(plain, at));
			out.append(appendVisible(el("span", { class: "hl-" + found.kind }), text.slice(at, found.to)));
			plain = found.to;
		}
		at = found ? found.to : at + 1;
	}
	if (plain < text.length) appendVisible(out, text.slice(plain));
	return out;
}
