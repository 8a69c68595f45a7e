/* Confirming questions, and what becomes of a "did you mean …?". Their text form is
 * in finalized_text.c, looking them up in recall.c. */
#include "engine/finalized.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "engine/influence.h"

enum { WORK_BYTES = 256 << 20, LONGEST_SQL = 1 << 20, PROFILE_ROWS = 1000 };
#define FINALIZED_WAITS                                                                           \
  "the answer came with a warning; it is given to others once somebody else confirms it too, or " \
  "confirms the SQL itself"

emend_rc engine_need_state(emend_engine *e, store **out, emend_error *err) {
  emend_rc rc = engine_state(e, true, out, err);
  if (!rc && !*out)
    rc = err_set(err, EMEND_EUSAGE, "state", "this engine was opened to remember nothing");
  return rc;
}

/* ---- checking what is confirmed ---- */

static emend_rc refuse_texts(str question, str sql, emend_error *err) {
  if (!str_trim(question).len || !str_trim(sql).len)
    return err_set(err, EMEND_EUSAGE, "finalize",
                   "to confirm, give an answer, or question and SQL");
  if (question.len > ASK_MAX_QUESTION || sql.len > LONGEST_SQL)
    return err_set(err, EMEND_ELIMIT, "finalize", "the question or the SQL is too long");
  if (!utf8_valid(question) || !utf8_valid(sql))
    return err_set(err, EMEND_EFORMAT, "finalize", "the question and the SQL must be valid UTF-8");
  return EMEND_OK;
}

/* Safe, without an error, and with text in single quotes, as it will run. */
static emend_rc check_confirmed(const catalog *cat, arena *a, str *sql, emend_error *err) {
  check_report report;
  check_options opt = {.dialect = cat->dialect};
  int n = 0;
  emend_rc rc = check_sql(*sql, cat, &opt, a, &report, err);
  if (!rc) rc = check_mend_dq_text(*sql, &report, a, sql, &n, err);
  if (!rc && n) rc = check_sql(*sql, cat, &opt, a, &report, err);
  if (rc || (report.ok && report.safe)) return rc;
  for (size_t i = 0; i < report.diags.len; i++)
    if (report.diags.items[i].severity == DIAG_ERROR)
      return err_set(err, EMEND_EREFUSED, "finalize", "this SQL cannot be confirmed: %.*s",
                     STR_ARG(report.diags.items[i].message));
  return err_set(err, EMEND_EREFUSED, "finalize", "this SQL cannot be shown to only read");
}

/* What its result looked like: a change of that is worth a look. */
static emend_rc profile_result(emend_engine *e, engine_source *s, str sql, arena *a, str *out,
                               emend_error *err) {
  engine_connection *c = NULL;
  source_result r;
  source_limits limits = {.timeout_ms = 30000, .max_rows = PROFILE_ROWS};
  *out = STR("");
  emend_rc rc = engine_take(e, s, &c, err);
  if (rc || !c) return rc;
  rc = source_run(c->db, sql, &limits, a, &r, err);
  engine_give(c);
  if (rc) return rc;
  buf b;
  jw w;
  buf_init(&b, 1 << 20);
  jw_begin(&w, &b);
  jw_object(&w, NULL);
  jw_int(&w, "rows", (int64_t)r.n_rows);
  jw_bool(&w, "more", r.truncated);
  jw_array(&w, "columns");
  for (size_t i = 0; i < r.n_columns; i++) jw_str(&w, NULL, r.names[i]);
  jw_array_end(&w);
  jw_object_end(&w);
  *out = b.failed ? (str){0} : arena_str(a, buf_str(&b));
  buf_free(&b);
  return out->ptr ? EMEND_OK : err_nomem(err, "finalize");
}

emend_rc engine_describe_finalized(emend_engine *e, engine_source *s, arena *a, store_finalized *f,
                                   emend_error *err) {
  catalog *cat = NULL;
  emend_rc rc = engine_catalog(e, s, &cat, err);
  if (rc) return rc;
  rc = check_confirmed(cat, a, &f->query, err);
  if (!rc) rc = recall_describe(f->query, cat, a, &f->facts, err);
  f->url = arena_str(a, str_from(s->url));
  f->source = arena_str(a, str_from(s->name));
  f->dialect = str_from(sql_dialect_name(cat->dialect));
  f->schema_version = arena_str(a, str_from(cat->version));
  catalog_unref(cat);
  return rc ? rc : profile_result(e, s, f->query, a, &f->profile, err);
}

/* ---- keeping ---- */

emend_rc engine_keep_finalized(emend_engine *e, const store_finalized *items, size_t n, arena *a,
                               emend_error *err) {
  store *state = NULL;
  recall *memory = NULL;
  store_ids removed = {0};
  emend_rc rc = engine_need_state(e, &state, err);
  if (!rc) rc = engine_recall_memory(e, &memory, err);
  if (!rc) rc = store_finalized_put(state, items, n, a, &removed, err);
  recall_record *records = rc ? NULL : ARENA_ARRAY(a, recall_record, n + 1);
  if (!rc && !records) rc = err_nomem(err, "finalize");
  for (size_t i = 0; !rc && i < n; i++)
    if (!engine_recall_record(&items[i], a, &records[i])) rc = err_nomem(err, "finalize");
  for (size_t i = 0; !rc && i < removed.len; i++) recall_remove(memory, removed.items[i]);
  if (!rc) rc = recall_put(memory, records, n, err);
  if (!rc) engine_recall_wrote(e);
  return rc;
}

bool engine_add_wording(store_finalized *f, str text, str by, bool refused, arena *a) {
  store_wording w = {.wording = text, .by = by, .refused = refused, .key = recall_key(text, a)};
  return w.key.ptr && vec_push(a, &f->wordings, w);
}

/* The answer's question, SQL and source, where they are not given. *warned: a yes to what came with
 * a warning, and no more. */
static emend_rc read_answer(emend_engine *e, const emend_finalize_options *opt, arena *a,
                            store_finalized *f, const char **from, bool *warned, emend_error *err) {
  store *state = NULL;
  store_question q;
  *warned = false;
  if (!opt->answer) return EMEND_OK;
  emend_rc rc = engine_need_state(e, &state, err);
  if (!rc) rc = store_question_get(state, str_from(opt->answer), a, &q, err);
  if (rc) return rc;
  f->answer_id = q.id;
  if (!opt->question) f->question = q.question;
  if (!opt->sql) f->query = q.sql;
  *warned = str_eq(str_trim(f->query), str_trim(q.sql)) && q.warnings.len > strlen("[]");
  if (!*from && q.source.len) *from = engine_text(a, q.source);
  return EMEND_OK;
}

/* What a person confirms is an example as well, unless they opted out of learning. Imported
 * questions are only recalled: reading thousands of them by the network takes minutes. */
static emend_rc may_teach(emend_engine *e, str by, bool *out, emend_error *err) {
  store *state = NULL;
  bool opted_out = false;
  emend_rc rc = engine_need_state(e, &state, err);
  if (!rc) rc = store_person_opted_out(state, by, &opted_out, err);
  *out = !rc && !opted_out;
  return rc;
}

/* What taught that answer was right. */
static emend_rc note_confirmed(emend_engine *e, str answer, emend_error *err) {
  store *state = NULL;
  emend_rc rc = engine_influence_write(e, answer, err);
  if (!rc) rc = engine_need_state(e, &state, err);
  return rc ? rc : store_use_confirm(state, answer, err);
}

/* Whoever says yes to an answer that the judge warned of vouches for less than who writes its SQL:
 * others are answered with it once a second person says so too. Nobody's name is nobody else's:
 * without one there is no second person to wait for. */
static emend_rc await_second(emend_engine *e, store_finalized *f, arena *a, emend_error *err) {
  store *state = NULL;
  store_finalizeds same = {0};
  if (!f->by.len) return EMEND_OK;
  emend_rc rc = engine_need_state(e, &state, err);
  if (!rc) rc = store_finalized_by_key(state, f->url, f->wordings.items[0].key, a, &same, err);
  for (size_t i = 0; i < same.len && !rc; i++) {
    const store_finalized *x = &same.items[i];
    bool waits = str_eq(x->review, STR(FINALIZED_WAITS));
    if (!str_eq(str_trim(x->query), str_trim(f->query)) || (x->review.len && !waits)) continue;
    if (!waits || !str_eq(x->by, f->by)) return EMEND_OK;
    f->id = x->id; /* the same yes again */
  }
  f->review = STR(FINALIZED_WAITS);
  f->teaches = false;
  return rc;
}

static emend_rc finalize(emend_engine *e, const emend_finalize_options *opt, arena *a, str *id,
                         emend_error *err) {
  bool warned;
  char text[STORE_ID_MAX], now[32];
  engine_source *s = NULL;
  const char *from = opt->source;
  store_new_id("fz_", text);
  clock_iso(clock_now(), now);
  store_finalized f = {.id = arena_str(a, str_from(text)),
                       .question = str_from(opt->question),
                       .query = str_from(opt->sql),
                       .by = str_from(opt->user),
                       .at = arena_str(a, str_from(now))};
  emend_rc rc = read_answer(e, opt, a, &f, &from, &warned, err);
  if (!rc) rc = refuse_texts(f.question, f.query, err);
  if (!rc) rc = engine_source_find(e, from, &s, err);
  if (!rc) rc = engine_describe_finalized(e, s, a, &f, err);
  if (!rc && !engine_add_wording(&f, f.question, f.by, false, a)) rc = err_nomem(err, "finalize");
  if (!rc) rc = may_teach(e, f.by, &f.teaches, err);
  if (!rc && warned) rc = await_second(e, &f, a, err);
  if (!rc) rc = engine_keep_finalized(e, &f, 1, a, err);
  if (!rc && f.answer_id.len) rc = note_confirmed(e, f.answer_id, err);
  *id = f.id;
  return rc;
}

char *engine_copy_text(str s) {
  char *out = mem_alloc(s.len + 1);
  if (out && s.len) memcpy(out, s.ptr, s.len);
  return out;
}

EMEND_API emend_rc emend_finalize(emend_engine *e, const emend_finalize_options *opt, char **id,
                                  emend_error *err) {
  arena *a = arena_create(WORK_BYTES);
  str kept = {0};
  if (id) *id = NULL;
  emend_rc rc = a ? finalize(e, opt, a, &kept, err) : err_nomem(err, "finalize");
  if (!rc && id && !(*id = engine_copy_text(kept))) rc = err_nomem(err, "finalize");
  arena_destroy(a);
  return rc;
}

/* ---- reading and removing ---- */

static const emend_wording *copy_wordings(const store_finalized *f, arena *a) {
  emend_wording *out = ARENA_ARRAY(a, emend_wording, f->wordings.len + 1);
  for (size_t i = 0; out && i < f->wordings.len; i++) {
    const store_wording *w = &f->wordings.items[i];
    out[i] = (emend_wording){engine_text(a, w->wording), w->by.len ? engine_text(a, w->by) : NULL,
                             engine_text(a, w->at), w->refused};
  }
  return out;
}

static const char *text_or_null(arena *a, str s) { return s.len ? engine_text(a, s) : NULL; }

static emend_finalized copy_finalized(const store_finalized *f, arena *a) {
  return (emend_finalized){.id = engine_text(a, f->id),
                           .source = engine_text(a, f->source),
                           .url = engine_text(a, f->url),
                           .dialect = engine_text(a, f->dialect),
                           .question = engine_text(a, f->question),
                           .sql = engine_text(a, f->query),
                           .by = text_or_null(a, f->by),
                           .at = engine_text(a, f->at),
                           .answer_id = text_or_null(a, f->answer_id),
                           .schema_version = text_or_null(a, f->schema_version),
                           .profile = text_or_null(a, f->profile),
                           .review = text_or_null(a, f->review),
                           .n_wordings = f->wordings.len,
                           .wordings = copy_wordings(f, a)};
}

EMEND_API emend_rc emend_finalized_read(emend_engine *e, const char *id, emend_finalized_list **out,
                                        emend_error *err) {
  store *state = NULL;
  store_finalizeds all = {0};
  arena *mem = NULL, *a = arena_create((size_t)1 << 30);
  emend_finalized_list *list = engine_handout(sizeof *list, &mem);
  *out = NULL;
  emend_rc rc = a && list ? engine_state(e, false, &state, err) : err_nomem(err, "state");
  if (!rc && state) rc = store_finalized_list(state, str_from(id), a, &all, err);
  if (!rc && id && all.len == 0)
    rc = err_set(err, EMEND_ENOTFOUND, "state", "there is no confirmed question \"%.64s\"", id);
  emend_finalized *items = rc ? NULL : ARENA_ARRAY(mem, emend_finalized, all.len + 1);
  for (size_t i = 0; items && i < all.len; i++) items[i] = copy_finalized(&all.items[i], mem);
  if (!rc && (!items || arena_failed(mem))) rc = err_nomem(err, "state");
  arena_destroy(a);
  if (rc) {
    engine_handout_free(list);
    return rc;
  }
  list->items = items;
  list->n = all.len;
  *out = list;
  return EMEND_OK;
}

EMEND_API void emend_finalized_list_free(emend_finalized_list *list) { engine_handout_free(list); }

EMEND_API emend_rc emend_finalized_remove(emend_engine *e, const char *id, emend_error *err) {
  store *state = NULL;
  recall *memory = NULL;
  emend_rc rc = engine_need_state(e, &state, err);
  if (!rc) rc = engine_recall_memory(e, &memory, err);
  if (!rc) rc = store_finalized_remove(state, str_from(id), err);
  if (rc) return rc;
  recall_remove(memory, str_from(id));
  engine_recall_wrote(e);
  return EMEND_OK;
}

/* ---- "did you mean …?" ---- */

/* The source with this URL; one that is not open is opened. */
static emend_rc find_by_url(emend_engine *e, str url, arena *a, engine_source **out,
                            emend_error *err) {
  engine_source **all;
  size_t n = 0;
  emend_rc rc = engine_source_all(e, a, &all, &n, err);
  for (size_t i = 0; !rc && i < n; i++)
    if (str_eq(str_from(all[i]->url), url)) return *out = all[i], EMEND_OK;
  const char *spec = rc ? NULL : engine_text(a, url);
  return rc ? rc : engine_source_add(e, spec, out, err);
}

emend_rc engine_source_by_url(emend_engine *e, str url, arena *a, engine_source **out,
                              emend_error *err) {
  return find_by_url(e, url, a, out, err);
}

/* The words of the question that stand for others in the confirmed one are taught with it. */
static emend_rc teach(emend_engine *e, store *state, recall *memory, const store_asked_back *b,
                      engine_source *s, str by, bool yes, arena *a, emend_error *err) {
  catalog *cat = NULL;
  recall_word_pairs pairs = {0};
  recall_options opt = engine_recall_options(e);
  store_wording w = {.wording = b->question, .by = by, .refused = !yes};
  w.key = recall_key(b->question, a);
  emend_rc rc = w.key.ptr ? EMEND_OK : err_nomem(err, "confirm");
  if (!rc && yes) rc = engine_catalog(e, s, &cat, err);
  if (!rc && yes) recall_compare(memory, b->finalized_id, b->question, cat, &opt, a, &pairs);
  catalog_unref(cat);
  store_word_pair *words = ARENA_ARRAY(a, store_word_pair, pairs.len + 1);
  if (!rc && !words) rc = err_nomem(err, "confirm");
  for (size_t i = 0; !rc && i < pairs.len; i++)
    words[i] = (store_word_pair){b->url, pairs.items[i].word, pairs.items[i].other};
  if (!rc) rc = store_finalized_teach(state, b->finalized_id, &w, words, pairs.len, err);
  for (size_t i = 0; !rc && i < pairs.len; i++)
    rc = recall_teach(memory, b->url, words[i].word, words[i].other, err);
  return rc;
}

/* Takes the entry over into memory as it is kept now. */
static emend_rc reread(emend_engine *e, store *state, recall *memory, str id, arena *a,
                       emend_error *err) {
  store_finalizeds one;
  recall_record record;
  emend_rc rc = store_finalized_list(state, id, a, &one, err);
  if (rc || one.len == 0) return rc;
  if (!engine_recall_record(&one.items[0], a, &record)) return err_nomem(err, "confirm");
  rc = recall_put(memory, &record, 1, err);
  engine_recall_wrote(e);
  return rc;
}

/* With other values it is another query: confirmed by itself. */
static emend_rc confirm_rebound(emend_engine *e, const store_asked_back *b, engine_source *s,
                                const char *user, emend_error *err) {
  emend_finalize_options opt = {
      .answer = b->question_id.ptr, .sql = b->query.ptr, .source = s->name, .user = user};
  return emend_finalize(e, &opt, NULL, err);
}

static emend_rc confirm(emend_engine *e, const char *answer, bool yes, const char *user, arena *a,
                        engine_source **s, store_asked_back *b, emend_error *err) {
  store *state = NULL;
  recall *memory = NULL;
  store_finalizeds one = {0};
  emend_rc rc = engine_need_state(e, &state, err);
  if (!rc) rc = engine_recall_memory(e, &memory, err);
  if (!rc) rc = store_asked_back_get(state, str_from(answer), a, b, err);
  if (!rc) rc = store_finalized_list(state, b->finalized_id, a, &one, err);
  if (!rc && one.len == 0)
    rc = err_set(err, EMEND_ENOTFOUND, "confirm", "the confirmed question %.*s is gone",
                 STR_ARG(b->finalized_id));
  if (!rc && yes) rc = find_by_url(e, b->url, a, s, err);
  if (rc) return rc;
  b->question_id = arena_str(a, b->question_id);
  if (yes && !str_eq(str_trim(b->query), str_trim(one.items[0].query)))
    return confirm_rebound(e, b, *s, user, err);
  rc = teach(e, state, memory, b, *s, str_from(user), yes, a, err);
  if (!rc && !yes)
    rc = store_failure_add(state, b->question_id, STR("rejected"), b->finalized_id, err);
  return rc ? rc : reread(e, state, memory, b->finalized_id, a, err);
}

EMEND_API emend_rc emend_confirm(emend_engine *e, const char *answer, bool yes,
                                 const emend_ask_options *opt, emend_answer **out,
                                 emend_error *err) {
  static const emend_ask_options defaults = EMEND_ASK_OPTIONS_INIT;
  emend_ask_options again = opt ? *opt : defaults;
  arena *a = arena_create(WORK_BYTES);
  engine_source *s = NULL;
  store_asked_back b = {0};
  *out = NULL;
  emend_rc rc = a ? confirm(e, answer, yes, again.user, a, &s, &b, err) : err_nomem(err, "confirm");
  if (!rc && yes) {
    again.source = s->name;
    rc = emend_ask(e, engine_text(a, b.question), &again, out, err);
  }
  arena_destroy(a);
  return rc;
}
