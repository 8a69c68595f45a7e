/* Making pairs for one database. See synthesise.h; the grammar is synth.c's. */
#include "learn/synthesise.h"

#include <stdio.h>
#include <string.h>

#include "learn/synth.h"

static const char STAGE[] = "learn";
enum { TRIES = 30, MOST_FOCUS = 64, MOST_VALUES = 64, MOST_TAUGHT = 200, ASK_TEACHER_EVERY = 4 };

typedef VEC(str) texts;

typedef struct making {
  const learn_about *about;
  const learn_synthesis *what;
  arena *a;
  rng r;
  texts focus;   /* names of tables that failures were about */
  texts *values; /* [columns]: stored values */
  map *seen;     /* question → itself */
  learn_pairs *out;
  learn_cleaning *report;
  unsigned cancels;
} making;

/* ---- one pair ---- */

/* Keeps `p` when it is good and new. */
static emend_rc offer(making *m, learn_pair p, bool *kept, emend_error *err) {
  learn_fault fault = LEARN_DUPLICATE;
  bool good = false;
  *kept = false;
  emend_rc rc = learn_pair_check(m->about, &p, m->a, &good, &fault, err);
  if (rc) return rc;
  bool apart = good && learn_is_reserved(p.shape) != m->what->reserved;
  if (good && (apart || map_has(m->seen, p.normal))) {
    fault = apart ? LEARN_KEPT_APART : LEARN_DUPLICATE;
    good = false;
  }
  if (!good) {
    m->report->left_out[fault]++;
    return EMEND_OK;
  }
  if (!map_put(m->seen, p.normal, m) || !vec_push(m->a, m->out, p)) return err_nomem(err, STAGE);
  m->report->kept[p.origin]++;
  *kept = true;
  return EMEND_OK;
}

static emend_rc go_on(making *m, emend_error *err) {
  bool stop = m->about->cancels && atomic_load(m->about->cancels) != m->cancels;
  if (m->what->on_progress && m->what->on_progress(m->what->ctx, m->out->len, m->what->count))
    stop = true;
  return stop ? err_set(err, EMEND_ECANCELED, STAGE, "canceled") : EMEND_OK;
}

/* ---- around the failures ---- */

/* The tables that the SQL of a failed question read. */
static emend_rc focus_on(making *m, str sql, emend_error *err) {
  arena *work = arena_create(64 << 20);
  check_report report;
  check_options opt = {.dialect = m->about->cat->dialect};
  emend_rc rc =
      work ? check_sql(sql, m->about->cat, &opt, work, &report, err) : err_nomem(err, STAGE);
  for (size_t i = 0; !rc && i < report.tables.len && m->focus.len < MOST_FOCUS; i++) {
    const cat_table *t = catalog_table(m->about->cat, report.tables.items[i]);
    if (t && !vec_push(m->a, &m->focus, t->name)) rc = err_nomem(err, STAGE);
  }
  arena_destroy(work);
  return rc == EMEND_ELIMIT ? EMEND_OK : rc;
}

/* The grammar quotes every name that it writes. */
static bool is_near(const making *m, str sql) {
  for (size_t i = 0; i < m->focus.len; i++) {
    char quoted[256];
    int n = snprintf(quoted, sizeof quoted, "\"%.*s\"", STR_ARG(m->focus.items[i]));
    if (n > 0 && (size_t)n < sizeof quoted &&
        str_find(sql, (str){quoted, (size_t)n}, 0) != SIZE_MAX)
      return true;
  }
  return false;
}

static emend_rc read_failures(making *m, emend_error *err) {
  emend_rc rc = EMEND_OK;
  for (size_t i = 0; m->what->failed && !rc && i < m->what->failed->len; i++)
    if (m->what->failed->items[i].sql.len) rc = focus_on(m, m->what->failed->items[i].sql, err);
  return rc;
}

/* ---- people's pairs with other values ---- */

static bool list_values(making *m) {
  const catalog *cat = m->about->cat;
  m->values = ARENA_ARRAY(m->a, texts, (size_t)cat->n_columns + 1);
  if (!m->values) return false;
  for (size_t i = 0; cat->values && i < map_len(cat->values); i++)
    for (const cat_value *v = map_at(cat->values, i)->value; v; v = v->next)
      if (m->values[v->column].len < MOST_VALUES && v->text.len < 40 &&
          !vec_push(m->a, &m->values[v->column], v->text))
        return false;
  return true;
}

/* Where the words of `part` stand in `text`, whatever their case; SIZE_MAX: nowhere. */
static size_t find_words(str text, str part) {
  for (size_t i = 0; i + part.len <= text.len; i++) {
    bool starts = i == 0 || !ascii_is_alnum(text.ptr[i - 1]);
    bool ends = i + part.len == text.len || !ascii_is_alnum(text.ptr[i + part.len]);
    if (starts && ends && str_eq_nocase(str_slice(text, i, i + part.len), part)) return i;
  }
  return SIZE_MAX;
}

static str replace_one(str text, size_t at, size_t n, str by, arena *a) {
  return str_from(arena_printf(a, "%.*s%.*s%.*s", (int)at, text.ptr, STR_ARG(by),
                               (int)(text.len - at - n), text.ptr + at + n));
}

/* Another stored value for the literal `raw` at `at` of the SQL: in both texts, or in neither. */
static bool swap_value(making *m, learn_pair *p, sql_token t) {
  str inner = str_slice(t.raw, 1, t.raw.len - 1);
  size_t at = find_words(p->question, inner);
  const cat_value *v = inner.len ? catalog_value(m->about->cat, inner) : NULL;
  if (at == SIZE_MAX || !v || m->values[v->column].len < 2) return false;
  const texts *others = &m->values[v->column];
  str other = others->items[rng_below(&m->r, (uint32_t)others->len)];
  if (str_eq_nocase(other, inner) || memchr(other.ptr, '\'', other.len) ||
      memchr(other.ptr, '"', other.len))
    return false;
  p->question = replace_one(p->question, at, inner.len, other, m->a);
  p->sql = replace_one(p->sql, t.span.from + 1, inner.len, other, m->a);
  return p->question.ptr && p->sql.ptr;
}

/* One literal of one person's pair, swapped. */
static bool vary(making *m, const learn_pair *from, learn_pair *out) {
  size_t pos = 0, n = 0;
  sql_token texts_found[8];
  for (sql_token t;
       (t = sql_next_token(from->sql, m->about->cat->dialect, &pos)).kind != SQL_TOK_END;)
    if ((t.kind == SQL_TOK_STRING || t.kind == SQL_TOK_QUOTED) && t.raw.len > 2 && n < 8)
      texts_found[n++] = t;
  *out = (learn_pair){.origin = LEARN_SYNTHETIC,
                      .parent = from->parent,
                      .question = from->question,
                      .sql = from->sql,
                      .at = from->at};
  return n > 0 && swap_value(m, out, texts_found[rng_below(&m->r, (uint32_t)n)]);
}

static emend_rc vary_people(making *m, emend_error *err) {
  const learn_pairs *people = m->what->people;
  size_t wanted = m->what->count / 4, made = 0;
  if (!people || people->len == 0) return EMEND_OK;
  for (size_t tries = 0; made < wanted && tries < wanted * TRIES; tries++) {
    const learn_pair *from = &people->items[rng_below(&m->r, (uint32_t)people->len)];
    learn_pair p;
    bool kept = false;
    emend_rc rc = go_on(m, err);
    if (rc) return rc;
    if (from->reserved || !vary(m, from, &p)) continue;
    rc = offer(m, p, &kept, err);
    if (rc) return rc;
    made += kept;
  }
  return arena_failed(m->a) ? err_nomem(err, STAGE) : EMEND_OK;
}

/* ---- the grammar, and a teacher's words for its SQL ---- */

static bool is_read(const catalog *cat, int table, const check_report *report) {
  for (size_t i = 0; i < report->tables.len; i++)
    if (catalog_table(cat, report->tables.items[i]) == &cat->tables[table]) return true;
  return false;
}

/* Does a word of the question name a table that the query reads, or one of its columns? */
static bool names_one(const catalog *cat, const link_question *q, const link_schema *s,
                      const link_result *links, const check_report *report) {
  for (int w = 0; w < q->n; w++) {
    for (int t = 0; t < s->n_tables; t++)
      if (links->tables[w * s->n_tables + t] >= LINK_PARTIAL &&
          is_read(cat, s->tables[t].id, report))
        return true;
    for (int c = 0; c < s->n_columns; c++)
      if (links->columns[w * s->n_columns + c] >= LINK_PARTIAL &&
          is_read(cat, s->tables[s->columns[c].table].id, report))
        return true;
  }
  return false;
}

/* The judge sees what a question asks for, not what it is about: that is looked at here. */
static emend_rc is_about(making *m, str question, str sql, bool *out, emend_error *err) {
  const catalog *cat = m->about->cat;
  check_report report;
  check_options opt = {.dialect = cat->dialect};
  link_question q;
  link_schema s;
  link_values values;
  link_result links;
  *out = false;
  arena *work = arena_create(64 << 20);
  emend_rc rc = work ? check_sql(sql, cat, &opt, work, &report, err) : err_nomem(err, STAGE);
  if (!rc && (link_question_read(question, work, &q) || link_schema_read(cat, work, &s) ||
              link_values_find(&q, &s, cat, NULL, work, &values) ||
              link_names_find(&q, &s, &values, NULL, work, &links)))
    rc = err_nomem(err, STAGE);
  if (!rc) *out = names_one(cat, &q, &s, &links, &report);
  arena_destroy(work);
  return rc;
}

static emend_rc reword(making *m, learn_pair *p, emend_error *err) {
  const generator *t = m->what->teacher;
  const gen_wording what = {.sql = p->sql,
                            .dialect = m->about->cat->dialect,
                            .cancels = m->about->cancels,
                            .cancels_before = m->cancels};
  str question = {0};
  if (!t || !t->word || rng_below(&m->r, ASK_TEACHER_EVERY)) return EMEND_OK;
  emend_rc rc = t->word(t->self, &what, m->a, &question, err);
  bool about = false;
  if (!rc && question.len) rc = is_about(m, question, p->sql, &about, err);
  if (!rc && about) {
    p->question = question;
    p->origin = LEARN_TEACHER;
  }
  return rc;
}

static emend_rc draw_pairs(making *m, emend_error *err) {
  const synth *s = synth_create(m->about->cat, m->a);
  size_t wanted = m->what->count, begun = m->out->len;
  if (!s) return err_nomem(err, STAGE);
  for (size_t tries = 0; m->out->len < wanted && tries < wanted * TRIES; tries++) {
    synth_pair drawn;
    bool kept, near = m->focus.len && m->out->len < begun + (wanted - begun) / 2;
    emend_rc rc = go_on(m, err);
    if (rc) return rc;
    if (!synth_next(s, &m->r, m->a, &drawn)) continue;
    if (near && !is_near(m, drawn.sql)) continue;
    learn_pair p = {.origin = LEARN_SYNTHETIC, .question = drawn.question, .sql = drawn.sql};
    rc = reword(m, &p, err);
    if (!rc) rc = offer(m, p, &kept, err);
    if (rc) return rc;
  }
  return arena_failed(m->a) ? err_nomem(err, STAGE) : EMEND_OK;
}

/* A teacher's SQL for what failed. */
static emend_rc teach_failures(making *m, emend_error *err) {
  const generator *t = m->what->teacher;
  const store_failed_list *failed = m->what->failed;
  for (size_t i = 0; t && failed && i < failed->len && i < MOST_TAUGHT; i++) {
    gen_request req = {.question = failed->items[i].question,
                       .cat = m->about->cat,
                       .round = 1,
                       .cancels = m->about->cancels,
                       .cancels_before = m->cancels};
    gen_candidates found = {0};
    bool kept;
    emend_rc rc = go_on(m, err);
    if (!rc) rc = t->candidates(t->self, &req, m->a, &found, err);
    if (rc) return rc;
    if (found.items.len == 0 || found.items.items[0].fault) continue;
    learn_pair p = {.origin = LEARN_TEACHER,
                    .parent = failed->items[i].question_id,
                    .question = failed->items[i].question,
                    .sql = found.items.items[0].sql,
                    .at = failed->items[i].at};
    rc = offer(m, p, &kept, err);
    if (rc) return rc;
  }
  return EMEND_OK;
}

emend_rc learn_synthesise(const learn_about *about, const learn_synthesis *what, arena *a,
                          learn_pairs *out, learn_cleaning *report, emend_error *err) {
  *out = (learn_pairs){0};
  *report = (learn_cleaning){0};
  making m = {.about = about,
              .what = what,
              .a = a,
              .seen = map_create(a, false),
              .out = out,
              .report = report,
              .cancels = about->cancels ? atomic_load(about->cancels) : 0};
  if (!m.seen || !list_values(&m)) return err_nomem(err, STAGE);
  rng_seed(&m.r, what->seed);
  emend_rc rc = read_failures(&m, err);
  if (!rc) rc = teach_failures(&m, err);
  if (!rc) rc = vary_people(&m, err);
  if (!rc) rc = draw_pairs(&m, err);
  return rc;
}
