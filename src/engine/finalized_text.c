/* Confirmed questions as text: what people read, change and bring back, and JSON. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "engine/finalized.h"

#define HEADING "# confirmed questions of emend, version 1"

enum { LONGEST_TEXT = 1 << 30, LONGEST_FIELD = 1 << 20, MOST_ITEMS = 1000000 };

/* ---- out ---- */

/* A field; its further lines begin with a blank. */
static void put_field(buf *b, const char *name, str value) {
  if (!value.len) return;
  buf_printf(b, "%s: ", name);
  for (size_t i = 0; i < value.len; i++) {
    buf_add_c(b, value.ptr[i]);
    if (value.ptr[i] == '\n') buf_add_c(b, ' ');
  }
  buf_add_c(b, '\n');
}

static void put_item(buf *b, const store_finalized *f) {
  buf_printf(b, "\n--- %.*s\n", STR_ARG(f->id));
  put_field(b, "source", f->source);
  put_field(b, "url", f->url);
  put_field(b, "by", f->by);
  put_field(b, "at", f->at);
  put_field(b, "review", f->review);
  put_field(b, "question", f->question);
  for (size_t i = 0; i < f->wordings.len; i++) {
    const store_wording *w = &f->wordings.items[i];
    if (w->refused || !str_eq(w->wording, f->question))
      put_field(b, w->refused ? "never" : "also", w->wording);
  }
  put_field(b, "sql", f->query);
}

EMEND_API emend_rc emend_finalized_export(emend_engine *e, char **out, emend_error *err) {
  store *state = NULL;
  store_finalizeds all = {0};
  arena *a = arena_create((size_t)1 << 30);
  buf b;
  *out = NULL;
  buf_init(&b, LONGEST_TEXT);
  emend_rc rc = a ? engine_state(e, false, &state, err) : err_nomem(err, "state");
  if (!rc && state) rc = store_finalized_list(state, (str){0}, a, &all, err);
  buf_add_cstr(&b, HEADING "\n");
  for (size_t i = 0; !rc && i < all.len; i++) put_item(&b, &all.items[i]);
  if (!rc && (b.failed || !(*out = engine_copy_text(buf_str(&b))))) rc = err_nomem(err, "state");
  buf_free(&b);
  arena_destroy(a);
  return rc;
}

static void put_wordings(jw *w, const emend_finalized *f) {
  jw_array(w, "wordings");
  for (size_t i = 0; i < f->n_wordings; i++) {
    const emend_wording *x = &f->wordings[i];
    jw_object(w, NULL);
    jw_text(w, "text", x->text);
    jw_bool(w, "refused", x->refused);
    jw_text(w, "by", x->by);
    jw_text(w, "at", x->at);
    jw_object_end(w);
  }
  jw_array_end(w);
}

EMEND_API char *emend_finalized_list_json(const emend_finalized_list *list) {
  buf b;
  jw w;
  buf_init(&b, LONGEST_TEXT);
  jw_begin(&w, &b);
  jw_array(&w, NULL);
  for (size_t i = 0; i < list->n; i++) {
    const emend_finalized *f = &list->items[i];
    jw_object(&w, NULL);
    jw_text(&w, "id", f->id);
    jw_text(&w, "source", f->source);
    jw_text(&w, "url", f->url);
    jw_text(&w, "dialect", f->dialect);
    jw_text(&w, "question", f->question);
    jw_text(&w, "sql", f->sql);
    jw_text(&w, "by", f->by);
    jw_text(&w, "at", f->at);
    jw_text(&w, "answer_id", f->answer_id);
    jw_text(&w, "schema_version", f->schema_version);
    if (f->profile)
      jw_raw(&w, "profile", str_from(f->profile));
    else
      jw_null(&w, "profile");
    jw_text(&w, "status", f->review ? "review" : "active");
    jw_text(&w, "review", f->review);
    put_wordings(&w, f);
    jw_object_end(&w);
  }
  jw_array_end(&w);
  return ask_json_text(&b);
}

/* ---- in ---- */

typedef struct importer {
  arena *a;
  str text;
  size_t at, line;
  store_finalizeds items;
} importer;

static emend_rc malformed(const importer *x, const char *why, emend_error *err) {
  return err_set_at(err, EMEND_EFORMAT, "import", (int64_t)x->at, "line %zu: %s", x->line, why);
}

static bool next_line(importer *x, str *out) {
  if (x->at >= x->text.len) return false;
  size_t end = str_find(x->text, STR("\n"), x->at);
  if (end == SIZE_MAX) end = x->text.len;
  *out = str_slice(x->text, x->at, end);
  if (str_ends(*out, STR("\r"))) out->len--;
  x->at = end + 1;
  x->line++;
  return true;
}

/* The field's value with the lines that go on with it; {NULL,0} when out of memory. */
static str whole_value(importer *x, str first) {
  buf b;
  buf_init(&b, LONGEST_FIELD);
  buf_add(&b, str_trim(first));
  while (x->at < x->text.len && x->text.ptr[x->at] == ' ') {
    str more;
    next_line(x, &more);
    buf_add_c(&b, '\n');
    buf_add(&b, str_slice(more, 1, more.len));
  }
  str out = b.failed ? (str){0} : arena_str(x->a, buf_str(&b));
  buf_free(&b);
  return out;
}

static emend_rc read_field(importer *x, store_finalized *f, str line, emend_error *err) {
  const struct {
    const char *name;
    str *to;
  } fields[] = {{"source", &f->source}, {"url", &f->url},       {"by", &f->by},
                {"at", &f->at},         {"review", &f->review}, {"question", &f->question},
                {"sql", &f->query}};
  size_t colon = str_find(line, STR(":"), 0);
  if (colon == SIZE_MAX) return malformed(x, "expected NAME: VALUE", err);
  str name = str_slice(line, 0, colon);
  str value = whole_value(x, str_slice(line, colon + 1, line.len));
  if (!value.ptr) return malformed(x, "the value is too long", err);
  bool never = str_eq(name, STR("never"));
  if (never || str_eq(name, STR("also")))
    return engine_add_wording(f, value, f->by, never, x->a) ? EMEND_OK : err_nomem(err, "import");
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
    if (str_eq(name, str_from(fields[i].name))) return *fields[i].to = value, EMEND_OK;
  return malformed(x, "there is no field of this name", err);
}

/* An id that is not one of ours gets a new one. */
static str read_id(importer *x, str line) {
  str id = str_trim(str_slice(line, 3, line.len));
  bool ours = str_starts(id, STR("fz_")) && id.len < STORE_ID_MAX;
  for (size_t i = 3; ours && i < id.len; i++) ours = ascii_is_alnum(id.ptr[i]);
  char fresh[STORE_ID_MAX];
  store_new_id("fz_", fresh);
  return arena_str(x->a, ours ? id : str_from(fresh));
}

static emend_rc read_items(importer *x, emend_error *err) {
  str line;
  while (next_line(x, &line)) {
    if (!str_trim(line).len || str_starts(line, STR("#"))) continue;
    emend_rc rc = EMEND_OK;
    if (str_starts(line, STR("---"))) {
      store_finalized f = {.id = read_id(x, line)};
      if (x->items.len == MOST_ITEMS) return malformed(x, "these are too many", err);
      if (!f.id.ptr || !vec_push(x->a, &x->items, f)) rc = err_nomem(err, "import");
    } else if (x->items.len == 0) {
      rc = malformed(x, "expected --- and an id before the first field", err);
    } else {
      rc = read_field(x, &x->items.items[x->items.len - 1], line, err);
    }
    if (rc) return rc;
  }
  return EMEND_OK;
}

/* The question is its own first wording. */
static emend_rc complete(importer *x, store_finalized *f, emend_error *err) {
  store_finalized with = *f;
  with.wordings.items = NULL;
  with.wordings.len = with.wordings.cap = 0;
  if (!str_trim(f->question).len || !f->query.len || f->question.len > ASK_MAX_QUESTION)
    return err_set(err, EMEND_EFORMAT, "import", "%.*s needs a question and its sql",
                   STR_ARG(f->id));
  bool ok = engine_add_wording(&with, f->question, f->by, false, x->a);
  for (size_t i = 0; ok && i < f->wordings.len; i++)
    ok = vec_push(x->a, &with.wordings, f->wordings.items[i]);
  *f = with;
  return ok ? EMEND_OK : err_nomem(err, "import");
}

/* Held against its database; what does not fit, or has none, waits for review. */
static emend_rc check_item(emend_engine *e, const char *named, arena *a, store_finalized *f,
                           emend_error *err) {
  engine_source *s = NULL;
  emend_error why = {0};
  emend_rc rc = named        ? engine_source_find(e, named, &s, err)
                : f->url.len ? engine_source_by_url(e, f->url, a, &s, &why)
                             : engine_source_find(e, NULL, &s, &why);
  if (named && rc) return rc;
  if (!rc) rc = engine_describe_finalized(e, s, a, f, &why);
  if (!f->dialect.len) f->dialect = STR("sqlite");
  if (rc == EMEND_ENOMEM || rc == EMEND_ECANCELED) {
    if (err) *err = why;
    return rc;
  }
  if (rc && !f->review.len) f->review = arena_str(a, str_from(why.msg));
  if (!f->at.len) {
    char now[32];
    clock_iso(clock_now(), now);
    f->at = arena_str(a, str_from(now));
  }
  return arena_failed(a) ? err_nomem(err, "import") : EMEND_OK;
}

EMEND_API emend_rc emend_finalized_import(emend_engine *e, const char *text, const char *named,
                                          size_t *n, emend_error *err) {
  importer x = {.a = arena_create((size_t)1 << 30), .text = str_from(text)};
  if (n) *n = 0;
  emend_rc rc = x.a ? EMEND_OK : err_nomem(err, "import");
  if (!rc && !utf8_valid(x.text))
    rc = err_set(err, EMEND_EFORMAT, "import", "the text is not valid UTF-8");
  if (!rc) rc = read_items(&x, err);
  for (size_t i = 0; !rc && i < x.items.len; i++) {
    rc = complete(&x, &x.items.items[i], err);
    if (!rc) rc = check_item(e, named, x.a, &x.items.items[i], err);
  }
  if (!rc) rc = engine_keep_finalized(e, x.items.items, x.items.len, x.a, err);
  if (!rc && n) *n = x.items.len;
  arena_destroy(x.a);
  return rc;
}
