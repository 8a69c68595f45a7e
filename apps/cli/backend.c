/* Who writes SQL, as flags, environment and emend.conf say it: in the file, [ollama] and [openai]
 * hold server, model, answer-model, embed-model, api_key and how long to wait. A key is never a
 * flag: command lines can be read by everyone on a machine. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* A flag, or NULL where the environment speaks (the library reads it), or what the file says. */
static const char *pick(const cli *c, const char *option, const char *variable,
                        const char *section) {
  const char *env = variable ? getenv(variable) : NULL;
  if (option && cli_flag(c, option)) return cli_value(c, option);
  if (env && env[0]) return NULL;
  return config_get(section, option);
}

static bool read_number(const char *section, const char *key, double *out) {
  const char *text = config_get(section, key);
  char *end = NULL;
  if (!text) return true;
  *out = strtod(text, &end);
  if (end != text && !*end && *out > 0 && *out < 1e7) return true;
  cli_usage_error("[%s] %s in emend.conf needs a number above 0, not \"%s\"", section, key, text);
  return false;
}

int backend_options(const cli *c, emend_options *out) {
  double context = 0;
  out->backend = cli_value(c, "backend");
  bool openai = out->backend && strcmp(out->backend, "openai") == 0;
  bool ollama = out->backend && strcmp(out->backend, "ollama") == 0;
  if (!openai && !ollama) {
    out->model = cli_flag(c, "model") ? cli_value(c, "model") : NULL;
    out->answer_model = cli_flag(c, "answer-model") ? cli_value(c, "answer-model") : NULL;
    if (cli_flag(c, "server")) return cli_usage_error("--server needs --backend ollama or openai");
    return EXIT_DONE;
  }
  const char *key = openai ? getenv("OPENAI_API_KEY") : NULL;
  out->server = pick(c, "server", openai ? "OPENAI_BASE_URL" : "OLLAMA_HOST", out->backend);
  out->model = pick(c, "model", openai ? "OPENAI_MODEL" : NULL, out->backend);
  out->answer_model = pick(c, "answer-model", NULL, out->backend);
  out->embed_model = pick(c, "embed-model", NULL, out->backend);
  out->api_key = key && key[0] ? NULL : config_get(out->backend, "api_key");
  if (!read_number(out->backend, "context_tokens", &context) ||
      !read_number(out->backend, "connect_timeout", &out->connect_s) ||
      !read_number(out->backend, "first_token_timeout", &out->first_token_s) ||
      !read_number(out->backend, "idle_timeout", &out->idle_s))
    return EXIT_USAGE;
  out->context_tokens = (size_t)context;
  return EXIT_DONE;
}
