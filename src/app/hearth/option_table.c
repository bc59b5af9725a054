/* option_table: every command and every option of hearth (see options.h). */
#include "app/hearth/chats.h"
#include "app/hearth/commands.h"
#include "app/hearth/options.h"
#include "app/hearth/vault_commands.h"

#define PLACE(member) offsetof(struct options, member)

enum { FOR_TALK = FOR_CHAT | FOR_RUN, FOR_ENGINE = FOR_TALK | FOR_SERVE, FOR_KEPT = FOR_CHAT | FOR_CHATS | FOR_VAULT | FOR_SERVE };

const struct option_row option_rows[] = {
	{ "--model", "-m", "FILE", FOR_ENGINE, OPTION_TEXT, PLACE(model), 0, 0, 0,
	  "the model: a GGUF file, or a name in the models folder" },
	{ "--system", NULL, "TEXT", FOR_TALK, OPTION_TEXT, PLACE(system), 0, 0, 0, "tell the model who it is or how to answer" },
	{ "--file", NULL, "PATH", FOR_RUN, OPTION_LIST, PLACE(files), 0, 0, 0,
	  "put this text file in front of the prompt (may repeat)" },
	{ "-n", "--tokens", "N", FOR_TALK, OPTION_COUNT, PLACE(max_tokens), PLACE(has_max_tokens), 0, 1000000,
	  "write at most N tokens per answer (4096)" },
	{ "--temp", NULL, "T", FOR_TALK, OPTION_NUMBER, PLACE(temperature), PLACE(has_temperature), 0, 10,
	  "how freely words are chosen; 0 takes the likeliest (0.7)" },
	{ "--seed", NULL, "S", FOR_TALK, OPTION_COUNT, PLACE(seed), 0, 0, 9007199254740992.0,
	  "equal seeds give equal answers; 0 is a fresh one" },
	{ "--context", NULL, "N", FOR_ENGINE, OPTION_COUNT, PLACE(context), 0, 0, 16777216,
	  "tokens the model keeps in view; 0 chooses by memory" },
	{ "--threads", NULL, "N", FOR_ENGINE, OPTION_THREADS, PLACE(threads), 0, 0, 1024,
	  "threads to compute with; 0 takes all cores, auto-low half of them" },
	{ "--draft", NULL, "FILE", FOR_ENGINE, OPTION_TEXT, PLACE(draft), 0, 0, 0,
	  "a small model with the same vocabulary that guesses ahead: the same answer, sooner" },
	{ "--no-guess", NULL, NULL, FOR_ENGINE, OPTION_SWITCH, PLACE(no_guess), 0, 0, 0,
	  "do not guess ahead: the same answer, one token at a time" },
	{ "--json", NULL, NULL, FOR_RUN | FOR_MODELS | FOR_CHATS | FOR_VAULT | FOR_NET | FOR_PROVE, OPTION_SWITCH, PLACE(json), 0,
	  0, 0, "print one JSON object, for programs" },
	{ "--schema", NULL, "FILE", FOR_RUN, OPTION_TEXT, PLACE(schema), 0, 0, 0,
	  "the answer is JSON that is valid by this JSON Schema" },
	{ "--grammar", NULL, "FILE", FOR_RUN, OPTION_TEXT, PLACE(grammar), 0, 0, 0,
	  "the answer follows this grammar (GBNF, as llama.cpp has it)" },
	{ "--raw", NULL, NULL, FOR_RUN, OPTION_SWITCH, PLACE(raw), 0, 0, 0,
	  "no chat template: the model goes on from the prompt itself" },
	{ "--plan", NULL, NULL, FOR_MODELS, OPTION_SWITCH, PLACE(plan), 0, 0, 0,
	  "inspect: the steps of the computation, and its memory" },
	{ "--resume", NULL, NULL, FOR_CHAT, OPTION_SWITCH, PLACE(resume), 0, 0, 0, "go on with the last conversation" },
	{ "--open", NULL, "N", FOR_CHAT, OPTION_COUNT, PLACE(open), 0, 1, 9007199254740992.0,
	  "go on with conversation N of `hearth chats`" },
	{ "--private", NULL, NULL, FOR_CHAT, OPTION_SWITCH, PLACE(secret), 0, 0, 0,
	  "open no vault and write nothing of what is said" },
	{ "--sha256", NULL, "HASH", FOR_MODELS, OPTION_TEXT, PLACE(sha256), 0, 0, 0, "pull: the SHA-256 that the file must have" },
	{ "--proxy", NULL, "URL", FOR_MODELS, OPTION_TEXT, PLACE(proxy), 0, 0, 0,
	  "pull: go through this SOCKS proxy, as in socks5h://127.0.0.1:9050 (Tor)" },
	{ "--vault", NULL, "NAME", FOR_KEPT | FOR_RUN | FOR_MODELS, OPTION_TEXT, PLACE(vault), 0, 0, 0,
	  "another vault: a name, or a folder (with a slash)" },
	{ "--key-file", NULL, "FILE", FOR_KEPT | FOR_RUN | FOR_NET | FOR_MODELS, OPTION_TEXT, PLACE(key_file), 0, 0, 0,
	  "open the vault with the bytes of this file" },
	{ "--unencrypted", NULL, NULL, FOR_VAULT, OPTION_SWITCH, PLACE(unencrypted), 0, 0, 0,
	  "create: no protection at all, for a disk that is encrypted itself" },
	{ "--keyring", NULL, NULL, FOR_VAULT, OPTION_SWITCH, PLACE(keyring), 0, 0, 0,
	  "create: opened by a key that this desktop's keyring keeps" },
	{ "--all", NULL, NULL, FOR_VAULT, OPTION_SWITCH, PLACE(all), 0, 0, 0, "delete: the whole vault" },
	{ "--yes", NULL, NULL, FOR_VAULT, OPTION_SWITCH, PLACE(yes), 0, 0, 0, "delete: do not ask" },
	{ "--list", NULL, NULL, FOR_PROVE, OPTION_SWITCH, PLACE(list), 0, 0, 0, "show each thing that was tried, in each program" },
	{ "--port", NULL, "N", FOR_SERVE, OPTION_COUNT, PLACE(port), PLACE(has_port), 0, 65535,
	  "listen on this port of 127.0.0.1 (8807); 0 takes a free one" },
	{ "--host", NULL, "ADDRESS", FOR_SERVE, OPTION_TEXT, PLACE(host), 0, 0, 0,
	  "listen on this address; one that others can reach needs --tls-cert and --tls-key" },
	{ "--socket", NULL, "PATH", FOR_SERVE, OPTION_TEXT, PLACE(socket), 0, 0, 0, "listen on a Unix socket and on no port" },
	{ "--token", NULL, "FILE", FOR_SERVE, OPTION_TEXT, PLACE(token), 0, 0, 0,
	  "the token is this file's first line, not the one that hearth keeps" },
	{ "--tls-cert", NULL, "FILE", FOR_SERVE, OPTION_TEXT, PLACE(tls_cert), 0, 0, 0,
	  "serve over TLS with this certificate (PEM)" },
	{ "--tls-key", NULL, "FILE", FOR_SERVE, OPTION_TEXT, PLACE(tls_key), 0, 0, 0, "and this key of it (PEM)" },
	{ "--name", NULL, "HOST", FOR_SERVE, OPTION_LIST, PLACE(names), 0, 0, 0,
	  "a further name that this server is asked under (may repeat)" },
	{ "--origin", NULL, "ORIGIN", FOR_SERVE, OPTION_LIST, PLACE(origins), 0, 0, 0,
	  "let pages of this origin, as in http://localhost:3000, use the API (may repeat)" },
	{ "--metrics", NULL, NULL, FOR_SERVE, OPTION_SWITCH, PLACE(metrics), 0, 0, 0,
	  "answer at /metrics with counts for Prometheus" },
	{ "--help", "-h", NULL, FOR_ALL, OPTION_SWITCH, PLACE(help), 0, 0, 0, "this text" },
	{ "--version", NULL, NULL, FOR_CHAT, OPTION_SWITCH, PLACE(version), 0, 0, 0,
	  "the version, and what this processor can do" },
	{ NULL, NULL, NULL, 0, OPTION_SWITCH, 0, 0, 0, 0, NULL },
};

const struct command_row command_rows[] = {
	{ "chat", FOR_CHAT, "[OPTIONS]", "talk with a model on the terminal (what `hearth` alone does)",
	  "Inside the chat /help lists what can be typed. Conversations are kept in a vault where there is one\n(`hearth vault`); "
	  "the history of the lines that you typed is kept in memory only.\n",
	  chat_command, NULL },
	{ "run", FOR_RUN, "[OPTIONS] PROMPT...", "answer one prompt and end, for scripts and pipes",
	  "The prompt comes from the arguments or from a pipe; with both, the piped text stands below the\n"
	  "prompt as material. --json prints {\"text\", \"ids\", \"prompt_tokens\", \"stop\"}, stop being \"eos\",\n"
	  "\"length\", \"stop\" or \"cancel\". Exit status: 0 done, 1 failed, 2 wrong use, 130 interrupted.\n\n"
	  "  hearth run \"Write a short poem about tea\"\n"
	  "  hearth run --file letter.txt \"Answer this letter politely\"\n"
	  "  dmesg | hearth run \"Is there an error in this?\"\n",
	  run_command, NULL },
	{ "models", FOR_MODELS,
	  "list [--json] | scan [--json] | suggest [--json] | inspect FILE [--plan] [--json] | verify FILE [--json] | pull [NAME] "
	  "[--sha256 HASH] [--proxy URL] | lock "
	  "NAME | unlock NAME",
	  "see which models there are and which suits this machine; look into, fetch or lock one",
	  "list shows the built-in model and the files in the models folder; inspect shows what a file says\n"
	  "about itself and what memory it needs; verify reads all of it and looks for damage.\n\n"
	  "suggest says which ONE model suits this machine, and why: memory, speed, time to fetch. scan finds\n"
	  "the models that Ollama, LM Studio, llama.cpp and other programs have here; they are used where\n"
	  "they lie, by the names that it shows.\n\n"
	  "pull fetches a file from the network, and is the only command that connects anywhere: NAME is\n"
	  "OWNER/REPO:FILE on huggingface.co (FILE may be a quantization such as Q4_K_M), or an https://\n"
	  "URL; without a NAME it is the one that suits this machine. What was fetched in part is kept, and the same command goes "
	  "on. The file gets its name when\n"
	  "its SHA-256 is right and it can be read. `hearth net log` shows every connection.\n\n"
	  "  hearth models pull OWNER/REPO:Q4_K_M\n\n"
	  "lock seals a model's file in the vault and removes the plain one: nobody who finds the disk learns\n"
	  "which models you have. It is opened into memory, never onto the disk, when you start it by its\n"
	  "name. unlock brings the file back.\n",
	  models_command, NULL },
	{ "chats", FOR_CHATS, "[WORD] [OPTIONS]", "the conversations that are kept: list, show, search, rename, branch, delete",
	  "`hearth chats` alone lists them. To go on with one: hearth --open N. Without a terminal a vault opens with "
	  "--key-file,\nor "
	  "is asked through the chat that has it open.\n\n"
	  "  hearth chats search bees honey\n"
	  "  hearth chats show 3 --json | jq -r '.messages[].text'\n",
	  chats_command, chats_words },
	{ "vault", FOR_VAULT, "[WORD] [OPTIONS]", "where your conversations are kept: see it, make it, change how it opens",
	  "`hearth vault` alone says where everything lies, who can open it, and what is protected.\n", vault_command,
	  vault_words },
	{ "open", FOR_SERVE, "[OPTIONS]", "open the page in your browser; what the desktop's menu starts",
	  "Where a hearth serves already, or systemd's hearth.socket listens for one, its page is opened; else\n"
	  "this one serves, with the options of `hearth serve`, until it is ended. Without a desktop the address\n"
	  "to open is printed.\n",
	  open_command, NULL },
	{ "serve", FOR_SERVE, "[OPTIONS]", "the page in your browser, and the API for editors and other programs",
	  "It listens on this machine alone and prints the address to open, with a token in it that nobody\n"
	  "else knows. Programs send the token as `Authorization: Bearer TOKEN` or as `x-api-key: TOKEN`.\n"
	  "Models are opened when one is asked for, and put away when nobody has for ten minutes.\n"
	  "Ctrl-C ends it.\n\n"
	  "  hearth serve\n"
	  "  hearth serve -m qwen --port 9000\n"
	  "  hearth serve --socket ~/.hearth.sock\n",
	  serve_command, NULL },
	{ "net", FOR_NET, "WORD [OPTIONS]", "what hearth ever said to the network",
	  "Nothing connects anywhere but `hearth models pull`; each connection has a line in the ledger before\n"
	  "it is made, and one after it has ended.\n",
	  net_command, net_words },
	{ "doctor", FOR_DOCTOR, "", "explain this machine: processor, memory, what fits, folders, protection", "", doctor_command,
	  NULL },
	{ "prove", FOR_PROVE, "[--list] [--json]", "show that hearth's promises hold on this machine",
	  "Answers with and without a network, looks for sentences in the files of a vault, looks at what the\n"
	  "programs import, and lets each of them try in its jail what it must not do. Exit status 1 when\n"
	  "anything is otherwise than promised. It changes nothing of yours.\n",
	  prove_command, NULL },
	{ "help", FOR_HELP, "[COMMAND]", "show help", "", help_command, NULL },
	{ NULL, 0, NULL, NULL, NULL, NULL, NULL },
};
