# What editors and agents send to hearth serve, in the words that they use, and what they read of the answers: docs/EDITORS.md has their
# set-ups. Arguments: the address, the token, and the name of a model that fills gaps ("-": none).
import http.client
import json
import sys
from urllib.parse import urlsplit

url, token, filler = urlsplit(sys.argv[1]), sys.argv[2], sys.argv[3]
cases = 0


def post(path, body, headers, wanted=200):
    c = http.client.HTTPConnection(url.hostname, url.port, timeout=300)
    c.request("POST", path, json.dumps(body), {"Content-Type": "application/json", **headers})
    r = c.getresponse()
    text = r.read().decode()
    assert r.status == wanted, (path, r.status, text[:600])
    return r, text


def get(path, headers):
    c = http.client.HTTPConnection(url.hostname, url.port, timeout=300)
    c.request("GET", path, headers=headers)
    r = c.getresponse()
    text = r.read().decode()
    assert r.status == 200, (path, r.status, text[:600])
    return json.loads(text)


def events(text):
    """The data of server-sent events, as eventsource parsers read them: comments are passed over."""
    out = []
    for block in text.split("\n\n"):
        data = [l[5:].lstrip(" ") for l in block.split("\n") if l.startswith("data:")]
        if data:
            out.append("\n".join(data))
    return out


def case(name):
    def run(f):
        global cases
        cases += 1
        try:
            f()
            print(f"ok {cases} - {name}", flush=True)
        except Exception as e:  # the test's own output says what it was
            print(f"not ok {cases} - {name}\n# {type(e).__name__}: {str(e)[:1500]}", flush=True)
    return run


bearer = {"Authorization": "Bearer " + token}
TOOLS = [{"type": "function", "function": {"name": "read", "description": "Reads a file.", "parameters": {
    "type": "object", "properties": {"filePath": {"type": "string"}}, "required": ["filePath"], "additionalProperties": False}}}]


# ---- llama.vim and llama.vscode: /infill ----

def vim(prefix, middle, suffix, extra, **more):
    return {"input_prefix": prefix, "input_suffix": suffix, "input_extra": extra, "prompt": middle, "n_predict": 16, "n_indent": 4,
            "top_k": 40, "top_p": 0.99, "stream": False, "samplers": ["top_k", "top_p", "infill"], "cache_prompt": True,
            "t_max_prompt_ms": 60000, "t_max_predict_ms": 60000,
            "response_fields": ["content", "timings/prompt_n", "timings/prompt_ms", "timings/prompt_per_token_ms",
                                "timings/prompt_per_second", "timings/predicted_n", "timings/predicted_ms",
                                "timings/predicted_per_token_ms", "timings/predicted_per_second", "truncated", "tokens_cached"], **more}


RING = [{"text": "def add(a, b):\n    return a + b\n" * 6, "time": [1, 2], "filename": "sums.py"}]
WARM = {"input_prefix": "", "input_suffix": "", "input_extra": RING, "prompt": "", "n_predict": 0, "temperature": 0.0, "stream": False,
        "samplers": [], "cache_prompt": True, "t_max_prompt_ms": 1, "t_max_predict_ms": 1, "response_fields": [""]}


@case("llama.vim: a model without marks for a gap says so, once and clearly")
def _():
    _, text = post("/infill", vim("def f(x):\n", "    ret", "\n", [], model="builtin"), bearer, 400)
    assert "fill" in json.loads(text)["error"]["message"] or "gap" in json.loads(text)["error"]["message"], text


if filler != "-":
    @case("llama.vim: a completion, with the members that it shows")
    def _():
        _, text = post("/infill", vim("def f(x):\n", "    ret", "\n\nprint(f(1))\n", RING, model=filler), bearer)
        o = json.loads(text)
        assert isinstance(o["content"], str) and o["timings/prompt_n"] > 0 and "tokens_cached" in o and not o.get("truncated"), text

    @case("llama.vim: what it sends ahead is there when it asks")
    def _():
        post("/infill", {**WARM, "model": filler}, bearer)
        first = json.loads(post("/infill", vim("def g(y):\n", "    ", "\n", RING, model=filler), bearer)[1])
        again = json.loads(post("/infill", vim("def g(y):\n", "    r", "\n", RING, model=filler), bearer)[1])
        assert again["timings/prompt_n"] < first["timings/prompt_n"] + first["tokens_cached"], (first, again)
        assert again["tokens_cached"] > 20, again


# ---- Continue: OpenAI chat as a stream; Ollama's interface ----

@case("Continue: models are listed")
def _():
    assert any("builtin" in m["id"] for m in get("/v1/models", bearer)["data"])


@case("Continue: a chat as a stream, in the openai package's words")
def _():
    body = {"model": "builtin", "stream": True, "max_tokens": 12, "temperature": 0, "stream_options": {"include_usage": True},
            "messages": [{"role": "system", "content": "You are a helpful assistant."},
                         {"role": "user", "content": [{"type": "text", "text": "Hello! How are you?"}]}]}
    r, text = post("/v1/chat/completions", body, {**bearer, "x-stainless-lang": "js", "User-Agent": "OpenAI/JS 4.0"})
    assert r.getheader("Content-Type").startswith("text/event-stream")
    all_events = events(text)
    assert all_events[-1] == "[DONE]"
    chunks = [json.loads(e) for e in all_events[:-1]]
    said = "".join(c["choices"][0]["delta"].get("content") or "" for c in chunks if c["choices"])
    assert said and all(c["object"] == "chat.completion.chunk" for c in chunks)
    assert chunks[-1]["choices"] == [] and chunks[-1]["usage"]["completion_tokens"] > 0


@case("Continue over Ollama: tags, show, chat and generate")
def _():
    name = get("/api/tags", bearer)["models"][0]["name"]
    shown = json.loads(post("/api/show", {"name": name}, bearer)[1])
    assert "details" in shown
    _, text = post("/api/chat", {"model": name, "messages": [{"role": "user", "content": "Hello!"}], "stream": True, "keep_alive": 1800,
                                 "options": {"temperature": 0, "num_predict": 8, "num_ctx": 1024}}, bearer)
    lines = [json.loads(l) for l in text.strip().split("\n")]
    assert lines[-1]["done"] and "".join(l["message"]["content"] for l in lines), text
    _, text = post("/api/generate", {"model": name, "prompt": "Once upon a time", "raw": True, "stream": True, "keep_alive": 1800,
                                     "options": {"temperature": 0, "num_predict": 8, "stop": ["\n"]}}, bearer)
    assert json.loads(text.strip().split("\n")[-1])["done"]


# ---- aider and opencode: OpenAI ----

@case("aider: a chat as litellm sends it")
def _():
    body = {"model": "builtin", "messages": [{"role": "system", "content": "Act as an expert software developer."},
                                             {"role": "user", "content": "I am not sharing any files yet."},
                                             {"role": "assistant", "content": "Ok."}, {"role": "user", "content": "Hello!"}],
            "temperature": 0, "stream": True, "max_tokens": 8}
    _, text = post("/v1/chat/completions", body, {**bearer, "HTTP-Referer": "https://aider.chat", "X-Title": "Aider"})
    assert events(text)[-1] == "[DONE]"


@case("opencode: tools as the AI SDK sends them, and what a tool said")
def _():
    messages = [{"role": "system", "content": "You are opencode, an interactive CLI tool."}, {"role": "user", "content": "Read a.txt."}]
    body = {"model": "builtin", "max_tokens": 24, "top_p": 1, "messages": messages, "tools": TOOLS, "tool_choice": "auto", "stream": True,
            "stream_options": {"include_usage": True}}
    _, text = post("/v1/chat/completions", body, bearer)
    assert events(text)[-1] == "[DONE]"
    messages += [{"role": "assistant", "content": "", "tool_calls": [{"id": "call_1", "type": "function", "function": {
        "name": "read", "arguments": "{\"filePath\":\"a.txt\"}"}}]}, {"role": "tool", "tool_call_id": "call_1", "content": "empty"}]
    body = {k: v for k, v in body.items() if k != "stream_options"}
    _, text = post("/v1/chat/completions", {**body, "stream": False}, bearer)
    assert json.loads(text)["choices"][0]["finish_reason"] in ("stop", "length", "tool_calls")


@case("opencode: a call that is demanded is made, and is JSON")
def _():
    body = {"model": "builtin", "max_tokens": 120, "temperature": 0, "messages": [{"role": "user", "content": "Read a.txt."}],
            "tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "read"}}, "stream": False}
    choice = json.loads(post("/v1/chat/completions", body, bearer)[1])["choices"][0]
    # A very small model may write an argument that is too long for the limit: that is said, and nothing else is cut.
    if choice["finish_reason"] == "length":
        return
    assert choice["finish_reason"] == "tool_calls", choice
    assert isinstance(json.loads(choice["message"]["tool_calls"][0]["function"]["arguments"]), dict), choice


# ---- Claude Code: Anthropic ----

def claude(accounting, messages, **more):
    return {"model": "builtin", "max_tokens": 32000, "stream": True, "metadata": {"user_id": "{\"device_id\":\"x\"}"},
            "system": [{"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.77.%s; cc_entrypoint=cli; cch=%s;" % accounting},
                       {"type": "text", "text": "You are Claude Code, Anthropic's official CLI for Claude.", "cache_control": {"type": "ephemeral"}},
                       {"type": "text", "text": "Be brief. " * 60, "cache_control": {"type": "ephemeral"}}],
            "tools": [{"name": "Read", "description": "Reads a file.", "input_schema": {
                "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
                "properties": {"file_path": {"type": "string"}}, "required": ["file_path"], "additionalProperties": False}}],
            "thinking": {"type": "adaptive", "display": "omitted"}, "output_config": {"effort": "medium"},
            "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}, "messages": messages, **more}


CLAUDE = {"x-api-key": token, "anthropic-version": "2023-06-01", "anthropic-beta": "claude-code-20250219,interleaved-thinking-2025-05-14",
          "x-app": "cli", "User-Agent": "claude-cli/2.1.77 (external, cli)"}
SAID = [{"role": "user", "content": [{"type": "text", "text": "<system-reminder>Today is Monday.</system-reminder>"},
                                     {"type": "text", "text": "Hello! How are you?", "cache_control": {"type": "ephemeral"}}]}]


def speak(body):
    _, text = post("/v1/messages?beta=true", body, CLAUDE)
    all_events = [json.loads(e) for e in events(text)]
    kinds = [e["type"] for e in all_events if e["type"] != "ping"]
    assert kinds[0] == "message_start" and kinds[-2:] == ["message_delta", "message_stop"], kinds
    usage = {**all_events[0]["message"]["usage"], **next(e["usage"] for e in all_events if e["type"] == "message_delta")}
    return usage, "".join(e["delta"].get("text", "") for e in all_events if e["type"] == "content_block_delta")


@case("Claude Code: what changes at every call does not spoil the beginning: only new tokens are computed")
def _():
    first, said = speak(claude(("aaa", "11111"), SAID, max_tokens=8))
    whole = first["input_tokens"] + first["cache_read_input_tokens"]
    again, _ = speak(claude(("bbb", "22222"), SAID, max_tokens=8))
    assert again["input_tokens"] + again["cache_read_input_tokens"] == whole, (first, again)
    assert again["input_tokens"] <= 2, ("computed again", again)
    more = SAID + [{"role": "assistant", "content": [{"type": "text", "text": said or "Well."}]}, {"role": "user", "content": "And now?"}]
    third, _ = speak(claude(("ccc", "33333"), more, max_tokens=8))
    assert third["cache_read_input_tokens"] >= whole - 4, ("computed again", first, third)


@case("Claude Code: tokens are counted, without what is for another server")
def _():
    body = claude(("ddd", "44444"), SAID)
    for key in ("stream", "max_tokens", "metadata"):
        del body[key]
    a = json.loads(post("/v1/messages/count_tokens?beta=true", body, CLAUDE)[1])["input_tokens"]
    del body["system"][0]
    assert json.loads(post("/v1/messages/count_tokens?beta=true", body, CLAUDE)[1])["input_tokens"] == a


@case("Claude Code: what would take something out of a conversation is refused by name")
def _():
    body = claude(("eee", "55555"), SAID, context_management={"edits": [{"type": "clear_tool_uses_20250919"}]})
    _, text = post("/v1/messages", body, CLAUDE, 400)
    assert "context_management" in json.loads(text)["error"]["message"], text


@case("a wrong token is refused in each one's words")
def _():
    wrong = {"Authorization": "Bearer " + "0" * 64}
    assert "error" in json.loads(post("/v1/chat/completions", {}, wrong, 401)[1])
    assert "error" in json.loads(post("/v1/messages", {}, {"x-api-key": "0" * 64}, 401)[1])


print(f"1..{cases}")
