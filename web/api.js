/*
 * api: what the page asks of hearth, which is always on the machine that the page came from.
 *
 * `ask` is one request and its answer; `stream` gives each line of an answer that comes in pieces; `chat` an answer of the model as it
 * is computed. What fails throws a Refusal with a line for people. "locked" is told to whoever listens, since it changes the whole page.
 */

export class Refusal extends Error {
	constructor(message, kind, more) {
		super(message);
		this.kind = kind; /* "locked", "token", "context", "gone", ... */
		this.more = more ?? {};
	}
}

let onLocked = () => {};
let onTokenMissing = () => {};

export function listen(locked, tokenMissing) {
	onLocked = locked;
	onTokenMissing = tokenMissing;
}

async function send(path, body, signal) {
	const options = { credentials: "same-origin", cache: "no-store", redirect: "error", signal, headers: {} };
	if (body !== undefined) {
		options.method = "POST";
		options.headers["Content-Type"] = "application/json";
		options.body = JSON.stringify(body);
	}
	let answer;
	try {
		answer = await fetch(path, options);
	} catch (error) {
		if (error.name === "AbortError") throw error;
		throw new Refusal("hearth does not answer. It may have been closed: start it again, then reload this page.", "gone");
	}
	if (answer.ok) return answer;
	const said = await answer.json().catch(() => ({}));
	const problem = said.error ?? {};
	const kind = answer.status === 401 ? "token" : answer.status === 423 ? "locked" : problem.code === "context_length_exceeded" ? "context" : problem.kind ?? problem.code ?? "refused";
	const refusal = new Refusal(problem.message ?? "hearth refused this (" + answer.status + ").", kind, problem);
	if (kind === "locked") onLocked();
	if (kind === "token") onTokenMissing();
	throw refusal;
}

export async function ask(path, body, signal) {
	return (await send("hearth/" + path, body, signal)).json();
}

/* Calls `take` with each line of a body as it comes. */
async function eachLine(answer, take) {
	const reader = answer.body.getReader();
	const decoder = new TextDecoder();
	let rest = "";
	for (;;) {
		const { value, done } = await reader.read();
		rest += value ? decoder.decode(value, { stream: true }) : "";
		const lines = rest.split("\n");
		rest = lines.pop();
		for (const line of lines) take(line);
		if (done) break;
	}
	if (rest) take(rest);
}

/* A request whose answer is a JSON object a line. */
export async function stream(path, body, onObject, signal) {
	const answer = await send("hearth/" + path, body, signal);
	await eachLine(answer, (line) => {
		if (line.trim()) onObject(JSON.parse(line));
	});
}

function takeChunk(data, on) {
	const chunk = JSON.parse(data);
	if (chunk.error) throw new Refusal(chunk.error.message ?? "The answer ended with an error.", chunk.error.code === "context_length_exceeded" ? "context" : "failed", chunk.error);
	if (chunk.prompt_progress) on.progress(chunk.prompt_progress);
	const choice = chunk.choices && chunk.choices[0];
	const delta = choice && choice.delta;
	if (delta && delta.reasoning_content) on.thought(delta.reasoning_content);
	if (delta && delta.content) on.text(delta.content);
	if (choice && choice.finish_reason) on.finish(choice.finish_reason);
	if (chunk.usage || chunk.timings) on.counts(chunk.usage ?? {}, chunk.timings ?? {});
}

/* One answer of the model (the OpenAI form, as editors use it). */
export async function chat(request, on, signal) {
	const body = { ...request, stream: true, return_progress: true, stream_options: { include_usage: true } };
	const answer = await send("v1/chat/completions", body, signal);
	await eachLine(answer, (line) => {
		if (line.startsWith("data:") && line.slice(5).trim() !== "[DONE]") takeChunk(line.slice(5), on);
	});
}

/* The token that came in the address is exchanged for a cookie that scripts cannot read, and leaves the address. */
export async function enter() {
	const found = location.hash.match(/(?:^#|&)token=([\w-]+)/);
	if (!found) return;
	history.replaceState(null, "", location.pathname);
	await fetch("hearth/enter", { method: "POST", credentials: "same-origin", headers: { Authorization: "Bearer " + found[1] } }).catch(() => {});
}
