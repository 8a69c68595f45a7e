/* See model_server.h. One thread listens and answers, one connection after the other. */
#define _GNU_SOURCE
#include "support/model_server.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_CHATS = 4096, LONGEST_REQUEST = 16 << 20, HUGE_BYTES = 100 << 20, PIECE = 12 };

struct model_server {
  model_server_options opt;
  int listening, port;
  atomic_bool stop;
  pthread_t thread;
  pthread_mutex_t lock; /* guards what follows */
  char *received;
  size_t n_received;
  char *users[MOST_CHATS];
  int n_chats;
  int asked; /* chats for SQL, since the last model_server_forget */
};

typedef struct exchange {
  model_server *s;
  int fd;
  bool ollama, telling, corrects;
  const char *model;
  bool broken; /* the other side is gone */
} exchange;

/* ---- sending ---- */

static void send_bytes(exchange *x, const char *bytes, size_t n) {
  while (n && !x->broken && !atomic_load(&x->s->stop)) {
    struct pollfd p = {.fd = x->fd, .events = POLLOUT};
    if (poll(&p, 1, 50) == 0) continue;
    ssize_t sent = send(x->fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      x->broken = true;
      return;
    }
    bytes += sent;
    n -= (size_t)sent;
  }
}

static void send_text(exchange *x, const char *text) { send_bytes(x, text, strlen(text)); }

static void send_head(exchange *x, int status, const char *more) {
  char head[400];
  snprintf(head, sizeof head, "HTTP/1.1 %d Said\r\nContent-Type: %s\r\nConnection: close\r\n%s\r\n",
           status, x->ollama ? "application/x-ndjson" : "text/event-stream", more);
  send_text(x, head);
}

static void send_json(exchange *x, int status, json_t *j) {
  char *text = json_dumps(j, JSON_COMPACT);
  send_head(x, status, "");
  if (text) send_text(x, text);
  free(text);
  json_decref(j);
}

/* Waits, unless the server is to stop or the other side has gone. */
static void wait_ms(exchange *x, int ms) {
  for (int waited = 0; waited < ms && !x->broken && !atomic_load(&x->s->stop); waited += 20) {
    struct pollfd p = {.fd = x->fd, .events = POLLIN};
    char byte;
    if (poll(&p, 1, 20) > 0 && recv(x->fd, &byte, 1, MSG_DONTWAIT) == 0) x->broken = true;
  }
}

static void send_line(exchange *x, json_t *j) {
  char *text = json_dumps(j, JSON_COMPACT);
  if (text && !x->ollama) send_text(x, "data: ");
  if (text) send_text(x, text);
  send_text(x, x->ollama ? "\n" : "\n\n");
  free(text);
  json_decref(j);
}

static void send_token(exchange *x, const char *token) {
  if (x->ollama)
    send_line(x, json_pack("{s:{s:s,s:s},s:b}", "message", "role", "assistant", "content", token,
                           "done", 0));
  else
    send_line(x,
              json_pack("{s:[{s:i,s:{s:s}}]}", "choices", "index", 0, "delta", "content", token));
}

static void send_end(exchange *x, const char *reason, int prompt_tokens) {
  if (x->ollama) {
    send_line(x, json_pack("{s:{s:s,s:s},s:b,s:s,s:i,s:i}", "message", "role", "assistant",
                           "content", "", "done", 1, "done_reason", reason, "prompt_eval_count",
                           prompt_tokens, "eval_count", 20));
    return;
  }
  send_line(x, json_pack("{s:[{s:i,s:{},s:s}]}", "choices", "index", 0, "delta", "finish_reason",
                         reason));
  send_line(x, json_pack("{s:[],s:{s:i,s:i}}", "choices", "usage", "prompt_tokens", prompt_tokens,
                         "completion_tokens", 20));
  send_text(x, "data: [DONE]\n\n");
}

static void send_pieces(exchange *x, const char *text, size_t n) {
  for (size_t at = 0; at < n; at += PIECE) {
    char piece[PIECE + 1];
    size_t len = n - at < PIECE ? n - at : PIECE;
    memcpy(piece, text + at, len);
    piece[len] = 0;
    send_token(x, piece);
  }
}

/* A whole good reply. */
static void reply(exchange *x, const char *text, int prompt_tokens) {
  send_head(x, 200, "");
  send_pieces(x, text, strlen(text));
  send_end(x, "stop", prompt_tokens);
}

/* ---- misbehaving ---- */

static void send_huge(exchange *x) {
  static const char line[] = "SELECT 1 FROM a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a ";
  send_head(x, 200, "");
  send_text(x, x->ollama ? "{\"message\":{\"content\":\""
                         : "data: {\"choices\":[{\"delta\":{\"content\":\"");
  for (size_t n = 0; n < HUGE_BYTES && !x->broken && !atomic_load(&x->s->stop); n += sizeof line)
    send_bytes(x, line, sizeof line - 1);
}

static void send_bad_utf8(exchange *x, const char *sql) {
  char text[4096];
  send_head(x, 200, "");
  if (x->ollama)
    snprintf(text, sizeof text, "{\"message\":{\"content\":\"/* \xff\xc3\x28 */ %s\"}}\n", sql);
  else
    snprintf(text, sizeof text,
             "data: {\"choices\":[{\"delta\":{\"content\":\"/* \xff\xc3\x28 */ %s\"}}]}\n\n", sql);
  send_text(x, text);
  send_end(x, "stop", 900);
}

static bool misbehave(exchange *x, const char *right) {
  const char *m = x->model;
  if (strcmp(m, "error") == 0) {
    send_json(x, 500, json_pack("{s:{s:s}}", "error", "message", "the card has left the machine"));
  } else if (strcmp(m, "error-late") == 0) {
    send_head(x, 200, "");
    send_token(x, "SELECT ");
    send_line(x, json_pack("{s:s}", "error", "the runner has ended unexpectedly"));
  } else if (strcmp(m, "truncated") == 0) {
    send_head(x, 200, "");
    send_pieces(x, right, strlen(right) / 2);
  } else if (strcmp(m, "cut") == 0) {
    send_head(x, 200, "");
    send_pieces(x, right, strlen(right));
    send_end(x, "length", 900);
  } else if (strcmp(m, "slow") == 0) {
    wait_ms(x, 60000);
  } else if (strcmp(m, "stalls") == 0) {
    send_head(x, 200, "");
    send_token(x, "SELECT ");
    wait_ms(x, 60000);
  } else if (strcmp(m, "endless") == 0) {
    send_head(x, 200, "");
    while (!x->broken && !atomic_load(&x->s->stop)) send_token(x, "very, very ");
  } else if (strcmp(m, "huge") == 0) {
    send_huge(x);
  } else if (strcmp(m, "bad-utf8") == 0) {
    send_bad_utf8(x, right);
  } else if (strcmp(m, "html") == 0) {
    send_head(x, 200, "");
    send_text(x, "<html><body>It works!</body></html>\n");
  } else if (strcmp(m, "busy") == 0) {
    send_json(x, 503, json_pack("{s:s}", "error", "server busy"));
  } else {
    return false;
  }
  return true;
}

/* ---- behaving ---- */

static void reply_sql(exchange *x, bool has_shape, int prompt_tokens) {
  const char *m = x->model, *right = x->s->opt.right;
  char text[8192];
  pthread_mutex_lock(&x->s->lock);
  int asked = x->s->asked++;
  pthread_mutex_unlock(&x->s->lock);
  if (misbehave(x, right)) return;
  if (strcmp(m, "busy-then-right") == 0 && asked == 0) {
    send_head(x, 429, "Retry-After: 0\r\n");
    send_text(x, "{\"error\":{\"message\":\"too many requests\"}}");
    return;
  }
  if (strcmp(m, "no-shape") == 0 && has_shape) {
    send_json(x, 400, json_pack("{s:{s:s}}", "error", "message", "unknown field: format"));
    return;
  }
  if (strcmp(m, "narrow") == 0) prompt_tokens /= 10;
  bool wrong = strcmp(m, "wrong") == 0 || (strcmp(m, "wrong-then-right") == 0 && !x->corrects);
  const char *sql = wrong ? x->s->opt.wrong : right;
  if (strcmp(m, "prose") == 0) sql = "I would be happy to help you with that database question!";
  if (strcmp(m, "empty") == 0) sql = "";
  if (strcmp(m, "drop") == 0) sql = "DROP TABLE customers";
  if (strcmp(m, "cannot") == 0) sql = "CANNOT ANSWER: nothing here is about the weather.";
  snprintf(text, sizeof text, "%s", sql);
  if (strcmp(m, "fences") == 0)
    snprintf(text, sizeof text, "Here it is:\n```sql\n%s;\n```\nIt counts them.", sql);
  if (strcmp(m, "think") == 0)
    snprintf(text, sizeof text, "<think>SELECT nothing? No.</think>\n%s", sql);
  if (strcmp(m, "two") == 0) snprintf(text, sizeof text, "%s; DROP TABLE customers;", sql);
  if (strcmp(m, "json") == 0) {
    json_t *j = json_pack("{s:s,s:n}", "sql", sql, "reason");
    char *dumped = json_dumps(j, 0);
    snprintf(text, sizeof text, "%s", dumped ? dumped : "");
    free(dumped);
    json_decref(j);
  }
  reply(x, text, prompt_tokens);
}

static bool is_model(const char *name) {
  static const char names[] =
      " right wrong wrong-then-right prose empty fences think json drop two cannot truncated cut "
      "error error-late busy-then-right busy slow stalls endless huge bad-utf8 html narrow "
      "no-shape "
      "held gemma-right invents unanswered ";
  char word[80];
  snprintf(word, sizeof word, " %.70s ", name);
  return strstr(names, word) != NULL;
}

static void reply_words(exchange *x) {
  if (strcmp(x->model, "invents") == 0)
    reply(x, "There are 4711 of them, as Barnabas Zorg counted.", 200);
  else if (strcmp(x->model, "unanswered") == 0)
    reply(x, "NOT ANSWERED", 200);
  else
    reply(x, x->s->opt.words ? x->s->opt.words : ".", 200);
}

static void keep_chat(exchange *x, const char *user) {
  model_server *s = x->s;
  pthread_mutex_lock(&s->lock);
  if (s->n_chats < MOST_CHATS) s->users[s->n_chats++] = strdup(user ? user : "");
  pthread_mutex_unlock(&s->lock);
}

static void chat(exchange *x, const json_t *body) {
  const json_t *messages = json_object_get(body, "messages");
  size_t n = 0;
  const char *system = "", *user = "";
  for (size_t i = 0; i < json_array_size(messages); i++) {
    const json_t *m = json_array_get(messages, i);
    const char *role = json_string_value(json_object_get(m, "role"));
    const char *content = json_string_value(json_object_get(m, "content"));
    if (!role || !content) continue;
    n += strlen(content);
    if (strcmp(role, "system") == 0) system = content;
    if (strcmp(role, "user") == 0) user = content;
  }
  keep_chat(x, user);
  x->telling = strstr(*system ? system : user, "put the result of a database query in words");
  x->corrects = strstr(user, "Fix only the identified error.");
  bool has_shape = json_object_get(body, "format") || json_object_get(body, "response_format") ||
                   json_object_get(body, "grammar");
  if (x->telling)
    reply_words(x);
  else
    reply_sql(x, has_shape, (int)(n / 4));
}

/* ---- the rest of both protocols ---- */

static void send_models(exchange *x) {
  if (x->ollama)
    send_json(x, 200, json_pack("{s:[{s:s},{s:s}]}", "models", "name", "right", "name", "wrong"));
  else
    send_json(
        x, 200,
        json_pack("{s:[{s:s,s:s},{s:s,s:s,s:{s:i}}]}", "data", "id", "right", "owned_by", "tests",
                  "id", "held", "owned_by", "llamacpp", "meta", "n_ctx_train", 6000));
}

static void send_vectors(exchange *x, const json_t *body) {
  size_t n = json_array_size(json_object_get(body, "input"));
  json_t *list = json_array();
  for (size_t i = 0; i < n; i++) {
    json_t *v = json_pack("[f,f,f]", 1.0 + (double)i, 0.5, -1.0);
    json_array_append_new(
        list, x->ollama ? v : json_pack("{s:i,s:o}", "index", (int)(n - 1 - i), "embedding", v));
  }
  send_json(x, 200, json_pack("{s:o}", x->ollama ? "embeddings" : "data", list));
}

static void answer(exchange *x, const char *head, const json_t *body) {
  char wanted[200];
  const char *key = x->s->opt.key;
  x->ollama = strstr(head, " /api/") && strstr(head, " /api/") < strchr(head, '\r');
  snprintf(wanted, sizeof wanted, "Authorization: Bearer %s\r\n", key ? key : "");
  if (strncmp(head, "GET /moved", 10) == 0 || strncmp(head, "POST /moved", 11) == 0) {
    send_head(x, 302, "Location: http://elsewhere.invalid/v1/models\r\n");
  } else if (!x->ollama && key && !strstr(head, wanted)) {
    char shown[300];
    snprintf(shown, sizeof shown, "Incorrect API key provided: %.200s",
             strstr(head, "Bearer ") ? strstr(head, "Bearer ") + 7 : "none");
    send_json(x, 401, json_pack("{s:{s:s}}", "error", "message", shown));
  } else if (strstr(head, "/api/tags ") || strstr(head, "/models ")) {
    send_models(x);
  } else if (strstr(head, "/api/embed ") || strstr(head, "/embeddings ")) {
    send_vectors(x, body);
  } else if (!x->model || !is_model(x->model)) {
    send_json(x, 404, json_pack("{s:s+}", "error", "no such model: ", x->model ? x->model : ""));
  } else if (strstr(head, "/api/show ")) {
    send_json(x, 200,
              json_pack("{s:{s:s,s:i}}", "model_info", "general.architecture", "llama",
                        "llama.context_length", 6000));
  } else {
    chat(x, body);
  }
}

/* ---- receiving ---- */

static void keep_received(model_server *s, const char *bytes, size_t n) {
  pthread_mutex_lock(&s->lock);
  char *more = realloc(s->received, s->n_received + n + 2);
  if (more) {
    memcpy(more + s->n_received, bytes, n);
    s->n_received += n;
    more[s->n_received++] = '\n';
    more[s->n_received] = 0;
    s->received = more;
  }
  pthread_mutex_unlock(&s->lock);
}

/* A whole request, NUL-terminated; NULL when the other side goes before its end. */
static char *receive(exchange *x, size_t *n) {
  char *text = malloc(LONGEST_REQUEST + 1);
  size_t wanted = LONGEST_REQUEST;
  *n = 0;
  while (text && *n < wanted && !atomic_load(&x->s->stop)) {
    struct pollfd p = {.fd = x->fd, .events = POLLIN};
    if (poll(&p, 1, 50) == 0) continue;
    ssize_t got = recv(x->fd, text + *n, LONGEST_REQUEST - *n, 0);
    if (got <= 0) break;
    *n += (size_t)got;
    text[*n] = 0;
    const char *end = strstr(text, "\r\n\r\n"), *length = strcasestr(text, "\r\ncontent-length:");
    if (!end) continue;
    size_t head = (size_t)(end - text) + 4;
    wanted = head + (length && length < end ? strtoul(length + 17, NULL, 10) : 0);
    if (*n >= wanted) return text;
  }
  free(text);
  return NULL;
}

static void serve(model_server *s, int fd) {
  exchange x = {.s = s, .fd = fd};
  size_t n;
  char *text = receive(&x, &n);
  if (text) {
    keep_received(s, text, n);
    char *end = strstr(text, "\r\n\r\n");
    json_t *body = json_loads(end + 4, 0, NULL);
    x.model = json_string_value(json_object_get(body, "model"));
    end[2] = 0;
    answer(&x, text, body);
    json_decref(body);
  }
  free(text);
  shutdown(fd, SHUT_WR);
  close(fd);
}

static void *run(void *arg) {
  model_server *s = arg;
  while (!atomic_load(&s->stop)) {
    struct pollfd p = {.fd = s->listening, .events = POLLIN};
    if (poll(&p, 1, 50) <= 0) continue;
    int fd = accept(s->listening, NULL, NULL);
    if (fd >= 0) serve(s, fd);
  }
  return NULL;
}

/* ---- the interface ---- */

model_server *model_server_start(const model_server_options *opt) {
  model_server *s = calloc(1, sizeof *s);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)opt->port)};
  socklen_t size = sizeof at;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (!s) return NULL;
  s->opt = *opt;
  s->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (s->listening < 0 || bind(s->listening, (struct sockaddr *)&at, size) ||
      listen(s->listening, 16) || getsockname(s->listening, (struct sockaddr *)&at, &size)) {
    free(s);
    return NULL;
  }
  s->port = ntohs(at.sin_port);
  pthread_mutex_init(&s->lock, NULL);
  if (pthread_create(&s->thread, NULL, run, s)) {
    free(s);
    return NULL;
  }
  return s;
}

void model_server_stop(model_server *s) {
  if (!s) return;
  atomic_store(&s->stop, true);
  pthread_join(s->thread, NULL);
  close(s->listening);
  model_server_forget(s);
  pthread_mutex_destroy(&s->lock);
  free(s);
}

int model_server_port(const model_server *s) { return s->port; }

int model_server_chats(model_server *s) {
  pthread_mutex_lock(&s->lock);
  int n = s->n_chats;
  pthread_mutex_unlock(&s->lock);
  return n;
}

char *model_server_received(model_server *s) {
  pthread_mutex_lock(&s->lock);
  char *copy = strdup(s->received ? s->received : "");
  pthread_mutex_unlock(&s->lock);
  return copy;
}

char *model_server_user_text(model_server *s, int i) {
  pthread_mutex_lock(&s->lock);
  char *copy = i < s->n_chats ? strdup(s->users[i]) : NULL;
  pthread_mutex_unlock(&s->lock);
  return copy;
}

void model_server_forget(model_server *s) {
  pthread_mutex_lock(&s->lock);
  free(s->received);
  s->received = NULL;
  s->n_received = 0;
  for (int i = 0; i < s->n_chats; i++) free(s->users[i]);
  s->n_chats = s->asked = 0;
  pthread_mutex_unlock(&s->lock);
}
