/*
 * highlight: colours for code: comments, strings, numbers, keywords and names that are called.
 *
 * One reader for all languages, told apart by a row each: how comments and strings look, and the words that it has for itself. It
 * goes over the text once with patterns that cannot backtrack, and leaves what is very long as it is.
 */
import { el } from "./dom.js";
import { appendVisible } from "./visible.js";

const MOST = 60000;

const c = { line: ["//"], block: ["/*", "*/"], quotes: "\"'" };
const hash = { line: ["#"], quotes: "\"'" };

const languages = {
	c: { ...c, words: "auto break case char const continue default do double else enum extern float for goto if inline int long register return short signed sizeof static struct switch typedef union unsigned void volatile while bool true false NULL nullptr class namespace template typename public private protected virtual override new delete this using try catch throw constexpr" },
	js: { ...c, quotes: "\"'`", words: "async await break case catch class const continue debugger default delete do else export extends false finally for from function if implements import in instanceof interface let new null of return static super switch this throw true try type typeof undefined var void while yield enum readonly as" },
	java: { ...c, words: "abstract boolean break byte case catch char class const continue default do double else enum extends false final finally float for if implements import instanceof int interface long new null package private protected public record return short static super switch this throw throws true try var void volatile while fun val when object override string using namespace get set readonly" },
	go: { ...c, quotes: "\"'`", words: "break case chan const continue default defer else fallthrough false for func go goto if import interface map nil package range return select struct switch true type var string int bool byte error" },
	rust: { ...c, quotes: "\"", words: "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut pub ref return self Self static struct super trait true type unsafe use where while" },
	python: { ...hash, triple: true, words: "and as assert async await break class continue def del elif else except False finally for from global if import in is lambda None nonlocal not or pass raise return True try while with yield match case self print" },
	ruby: { ...hash, words: "alias and begin break case class def do else elsif end ensure false for if in module next nil not or redo rescue retry return self super then true undef unless until when while yield puts require" },
	shell: { ...hash, words: "if then else elif fi for while do done case esac in function return exit export local read echo cd sudo set unset shift test source" },
	sql: { line: ["--"], block: ["/*", "*/"], quotes: "'\"", fold: true, words: "select from where and or not null insert into values update set delete create table drop alter add primary key foreign references join left right inner outer full on group by order having limit offset as distinct count sum avg min max union all case when then else end is in like between exists index view with returning default unique int integer text varchar boolean date" },
	css: { block: ["/*", "*/"], quotes: "\"'", words: "important media import supports keyframes font-face root var calc" },
	json: { quotes: "\"", words: "true false null" },
	ini: { line: ["#", ";"], quotes: "\"'", words: "true false yes no null on off" },
	lua: { line: ["--"], quotes: "\"'", words: "and break do else elseif end false for function goto if in local nil not or repeat return then true until while" },
	haskell: { line: ["--"], block: ["{-", "-}"], quotes: "\"", words: "case class data default deriving do else if import in infix instance let module newtype of then type where" },
	tex: { line: ["%"], quotes: "", words: "" },
	html: { block: ["<!--", "-->"], quotes: "\"'", tags: true, words: "" },
	diff: { diff: true, words: "" },
};

const other = {
	"c++": "c", cpp: "c", cc: "c", h: "c", hpp: "c", "objective-c": "c", javascript: "js", typescript: "js", ts: "js", jsx: "js", tsx: "js", mjs: "js", kotlin: "java", kt: "java", scala: "java", "c#": "java", csharp: "java", cs: "java", swift: "java", php: "java", dart: "java",
	golang: "go", rs: "rust", py: "python", python3: "python", rb: "ruby", sh: "shell", bash: "shell", zsh: "shell", console: "shell", powershell: "shell", dockerfile: "shell", makefile: "shell", r: "python", julia: "python",
	scss: "css", less: "css", jsonc: "json", json5: "json", yaml: "ini", yml: "ini", toml: "ini", conf: "ini", properties: "ini", xml: "html", svg: "html", vue: "html", latex: "tex", hs: "haskell", patch: "diff", mysql: "sql", postgresql: "sql", sqlite: "sql",
};

for (const row of Object.values(languages)) row.words = new Set(row.words.split(" "));

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
	if (row.words.has(row.fold ? word.toLowerCase() : word) || here === "\\") return { kind: "keyword", to };
	return { kind: text[to] === "(" ? "call" : null, to };
}

function lines(text) {
	return text.split("\n").map((line, i) => {
		const kind = /^(\+\+\+|---|diff |index )/.test(line) ? "comment" : line[0] === "+" ? "added" : line[0] === "-" ? "removed" : line.startsWith("@@") ? "keyword" : null;
		const node = appendVisible(kind ? el("span", { class: "hl-" + kind }) : document.createDocumentFragment(), line);
		return i ? ["\n", node] : node;
	});
}

/* Nodes for a piece of code. */
export function highlight(text, language) {
	const row = languages[other[language] ?? language];
	if (!row || text.length > MOST) return appendVisible(document.createDocumentFragment(), text);
	if (row.diff) return lines(text);
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
