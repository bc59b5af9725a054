// Other makers' clients against a running hearth serve: HEARTH_URL, HEARTH_TOKEN, HEARTH_MODEL. Prints TAP lines.
import OpenAI from "openai";
import Anthropic from "@anthropic-ai/sdk";
import { Ollama } from "ollama";
import Ajv from "ajv/dist/2020.js";

const url = process.env.HEARTH_URL, token = process.env.HEARTH_TOKEN, model = process.env.HEARTH_MODEL;
const openai = new OpenAI({ baseURL: url + "/v1", apiKey: token, maxRetries: 0 });
const anthropic = new Anthropic({ baseURL: url, apiKey: token, maxRetries: 0 });
const ollama = new Ollama({ host: url, headers: { Authorization: "Bearer " + token } });
const question = [{ role: "user", content: "Hello! What is your name?" }];
const weather = {
	type: "object",
	properties: { city: { enum: ["Paris", "Rome"] }, days: { type: "integer", minimum: 1, maximum: 7 } },
	required: ["city", "days"],
	additionalProperties: false,
};
const ajv = new Ajv();

function must(condition, what) {
	if (!condition) throw new Error(what);
}

const cases = {
	async "openai lists models"() {
		const names = [];
		for await (const m of openai.models.list()) names.push(m.id);
		must(names.includes(model), names.join());
		must((await openai.models.retrieve(model)).id === model, "retrieve");
	},
	async "openai answers, equal seeds equally"() {
		const ask = () => openai.chat.completions.create({ model, messages: question, max_tokens: 12, seed: 5, temperature: 1 });
		const a = await ask(), b = await ask();
		must(a.choices[0].message.content === b.choices[0].message.content, "seeds");
		must(a.usage.completion_tokens <= 12 && a.usage.total_tokens === a.usage.prompt_tokens + a.usage.completion_tokens, "usage");
		must(b.usage.prompt_tokens_details.cached_tokens > 0, "cached tokens");
	},
	async "openai streams the same"() {
		const whole = await openai.chat.completions.create({ model, messages: question, max_tokens: 12, temperature: 0 });
		const stream = await openai.chat.completions.create({
			model, messages: question, max_tokens: 12, temperature: 0, stream: true, stream_options: { include_usage: true },
		});
		let text = "", usage = null, finish = null;
		for await (const chunk of stream) {
			text += chunk.choices[0]?.delta?.content ?? "";
			finish = chunk.choices[0]?.finish_reason ?? finish;
			usage = chunk.usage ?? usage;
		}
		must(text === whole.choices[0].message.content, JSON.stringify([text, whole.choices[0].message.content]));
		must(finish === whole.choices[0].finish_reason && usage.completion_tokens === whole.usage.completion_tokens, "end");
	},
	async "openai's helper follows a stream"() {
		const runner = openai.chat.completions.stream({ model, messages: question, max_tokens: 8, n: 2 });
		must((await runner.finalChatCompletion()).choices.length === 2, "choices");
	},
	async "openai gets log probabilities"() {
		const a = await openai.chat.completions.create({ model, messages: question, max_tokens: 5, logprobs: true, top_logprobs: 3, temperature: 0 });
		const list = a.choices[0].logprobs.content;
		must(list.length > 0 && list.every((t) => t.logprob <= 0 && t.top_logprobs.length === 3), "list");
		must(list.map((t) => t.token).join("").trim() === a.choices[0].message.content.trim(), "tokens");
	},
	async "openai gets a document of a schema"() {
		const a = await openai.chat.completions.create({
			model, messages: question, max_tokens: 200, temperature: 1,
			response_format: { type: "json_schema", json_schema: { name: "weather", strict: true, schema: weather } },
		});
		must(a.choices[0].finish_reason === "stop", a.choices[0].finish_reason);
		must(ajv.validate(weather, JSON.parse(a.choices[0].message.content)), a.choices[0].message.content);
	},
	async "openai gets a call of a tool, whole and streamed"() {
		const tools = [{ type: "function", function: { name: "get_weather", description: "The weather", parameters: weather, strict: true } }];
		const tool_choice = { type: "function", function: { name: "get_weather" } };
		const ask = { model, messages: question, tools, tool_choice, max_tokens: 200, seed: 3 };
		const a = await openai.chat.completions.create(ask);
		const call = a.choices[0].message.tool_calls[0];
		must(a.choices[0].finish_reason === "tool_calls" && call.function.name === "get_weather", "call");
		must(ajv.validate(weather, JSON.parse(call.function.arguments)), call.function.arguments);
		const stream = openai.chat.completions.stream(ask);
		const b = (await stream.finalChatCompletion()).choices[0].message.tool_calls[0];
		must(b.function.arguments === call.function.arguments, "streamed");
		const back = [...question, a.choices[0].message, { role: "tool", tool_call_id: call.id, content: "sunny" }];
		must((await openai.chat.completions.create({ model, messages: back, tools, max_tokens: 4 })).usage.prompt_tokens > 0, "result");
	},
	async "openai continues a text and makes vectors"() {
		const a = await openai.completions.create({ model, prompt: "Once upon a time", max_tokens: 6, echo: true, temperature: 0 });
		must(a.choices[0].text.startsWith("Once upon a time"), a.choices[0].text);
		const v = await openai.embeddings.create({ model, input: ["one", "two", "one"] });
		must(v.data.length === 3 && v.data[0].embedding.length > 8, "vectors");
		const dot = (x, y) => x.reduce((sum, value, i) => sum + value * y[i], 0);
		must(Math.abs(dot(v.data[0].embedding, v.data[2].embedding) - 1) < 1e-4, "equal texts");
		must(dot(v.data[0].embedding, v.data[1].embedding) < 0.9999, "other texts");
	},
	async "openai's errors are of its classes"() {
		const wrong = (body) => openai.chat.completions.create(body).then(() => null, (e) => e);
		let e = await wrong({ model, messages: question, temperature: "hot" });
		must(e instanceof OpenAI.BadRequestError && e.param === "temperature", String(e));
		e = await wrong({ model, messages: question, frobnicate: 1 });
		must(e instanceof OpenAI.BadRequestError && e.param === "frobnicate", String(e));
		e = await wrong({ model: "no-such-model", messages: question });
		must(e instanceof OpenAI.NotFoundError, String(e));
		e = await wrong({ model, messages: [{ role: "user", content: "word ".repeat(20000) }] });
		must(e instanceof OpenAI.BadRequestError && e.code === "context_length_exceeded", String(e));
		const stranger = new OpenAI({ baseURL: url + "/v1", apiKey: "wrong", maxRetries: 0 });
		e = await stranger.models.list().then(() => null, (x) => x);
		must(e instanceof OpenAI.AuthenticationError, String(e));
	},
	async "openai's cancelled stream ends its work"() {
		const stream = await openai.chat.completions.create({ model, messages: question, stream: true });
		for await (const _ of stream) break;
		stream.controller.abort();
		const a = await openai.chat.completions.create({ model, messages: question, max_tokens: 2 });
		must(a.choices.length === 1, "answers afterwards");
	},
	async "anthropic answers and streams the same"() {
		const ask = { model, max_tokens: 10, temperature: 0, messages: question, system: "Be brief." };
		const a = await anthropic.messages.create(ask);
		must(a.type === "message" && a.content[0].type === "text" && a.usage.output_tokens <= 10, JSON.stringify(a));
		const events = [];
		const stream = anthropic.messages.stream(ask).on("streamEvent", (e) => events.push(e.type));
		const b = await stream.finalMessage();
		must(b.content[0].text === a.content[0].text && b.stop_reason === a.stop_reason, "streamed");
		must(events[0] === "message_start" && events.at(-1) === "message_stop", events.join());
		const n = await anthropic.messages.countTokens({ model, messages: question, system: "Be brief." });
		must(n.input_tokens === a.usage.input_tokens + a.usage.cache_read_input_tokens, JSON.stringify([n, a.usage]));
	},
	async "anthropic gets a call and gives its result"() {
		const tools = [{ name: "get_weather", description: "The weather", input_schema: weather }];
		const a = await anthropic.messages.create({ model, max_tokens: 200, messages: question, tools, tool_choice: { type: "tool", name: "get_weather" } });
		const use = a.content.find((block) => block.type === "tool_use");
		must(a.stop_reason === "tool_use" && ajv.validate(weather, use.input), JSON.stringify(a));
		const messages = [...question, { role: "assistant", content: a.content },
			{ role: "user", content: [{ type: "tool_result", tool_use_id: use.id, content: "sunny" }] }];
		must((await anthropic.messages.create({ model, max_tokens: 4, messages, tools })).usage.output_tokens > 0, "result");
	},
	async "anthropic's errors are of its classes"() {
		const wrong = (body) => anthropic.messages.create(body).then(() => null, (e) => e);
		let e = await wrong({ model, messages: question, max_tokens: 5, container: "x" });
		must(e instanceof Anthropic.BadRequestError && e.error.error.type === "invalid_request_error", String(e));
		const image = { type: "image", source: { type: "base64", media_type: "image/png", data: "aGk=" } };
		e = await wrong({ model, max_tokens: 5, messages: [{ role: "user", content: [image] }] });
		must(e instanceof Anthropic.BadRequestError && /images/.test(e.message), String(e));
		e = await wrong({ model: "no-such-model", messages: question, max_tokens: 5 });
		must(e instanceof Anthropic.NotFoundError, String(e));
	},
	async "ollama chats, streams, lists and shows"() {
		const options = { num_predict: 8, temperature: 0 };
		const a = await ollama.chat({ model, messages: question, options });
		let text = "";
		for await (const part of await ollama.chat({ model, messages: question, options, stream: true })) text += part.message.content;
		must(text === a.message.content && a.done && a.eval_count <= 8, JSON.stringify([text, a]));
		must((await ollama.generate({ model, prompt: "Hello", options })).response !== undefined, "generate");
		must((await ollama.list()).models.some((m) => m.name === model), "list");
		must((await ollama.show({ model })).details.format === "gguf", "show");
		must((await ollama.embed({ model, input: "one" })).embeddings[0].length > 8, "embed");
		const b = await ollama.chat({ model, messages: question, format: weather, options: { num_predict: 200 } });
		must(ajv.validate(weather, JSON.parse(b.message.content)), b.message.content);
		must(await ollama.chat({ model, messages: question, options: { mirostat: 2 } }).then(() => false, (e) => /mirostat/.test(e.message)), "error");
	},
};

let n = 0, failed = 0;
console.log("1.." + Object.keys(cases).length);
for (const [name, run] of Object.entries(cases)) {
	n++;
	try {
		await run();
		console.log(`ok ${n} - ${name}`);
	} catch (e) {
		failed++;
		console.log(`not ok ${n} - ${name}\n# ${String(e.stack ?? e).split("\n").slice(0, 4).join("\n# ")}`);
	}
}
process.exit(failed ? 1 : 0);
