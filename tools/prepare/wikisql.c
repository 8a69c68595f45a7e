/* WikiSQL's lines to samples. A table's columns are those that its questions mention. */
#include "wikisql.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/map.h"
#include "text/text.h"

enum { MAX_CONDITIONS = 6, LINE_BYTES = 1 << 16 };

typedef struct condition {
  str column, variable;
  ir_token op;
} condition;

typedef struct parsed_line {
  str table, question, split;
  str select;
  ir_token agg; /* IR_BOS: none */
  condition where[MAX_CONDITIONS];
  int n_where;
  json_t *variables;
} parsed_line;

typedef struct wiki_table {
  VEC(link_column) columns;
  map *by_name; /* header as written → index + 1 */
} wiki_table;

static str field(json_t *o, const char *key) {
  json_t *v = json_object_get(o, key);
  return json_is_string(v) ? (str){json_string_value(v), json_string_length(v)} : (str){NULL, 0};
}

/* "TABLEalias0.NAME_FIELD" at the head of *s: NAME, and *s moved past it. */
static str take_column(str *s) {
  str head = STR("TABLEalias0."), tail = STR("_FIELD");
  size_t from = str_starts(*s, head) ? head.len : 0;
  size_t to = str_find(*s, tail, from);
  if (to == SIZE_MAX) return (str){NULL, 0};
  str name = str_slice(*s, from, to);
  *s = str_trim(str_slice(*s, to + tail.len, s->len));
  return name;
}

static bool take(str *s, const char *word) {
  str w = str_from(word);
  if (!str_starts(*s, w)) return false;
  *s = str_trim(str_slice(*s, w.len, s->len));
  return true;
}

static bool read_template(str t, parsed_line *out) {
  static const struct {
    const char *word;
    ir_token token;
  } aggs[] = {
      {"COUNT ", IR_COUNT}, {"MAX ", IR_MAX}, {"MIN ", IR_MIN}, {"SUM ", IR_SUM}, {"AVG ", IR_AVG}};
  static const struct {
    const char *word;
    ir_token token;
  } ops[] = {{"=", IR_EQ}, {">", IR_GT}, {"<", IR_LT}};
  if (!take(&t, "SELECT ")) return false;
  for (size_t i = 0; i < sizeof aggs / sizeof *aggs; i++)
    if (take(&t, aggs[i].word)) out->agg = aggs[i].token;
  out->select = take_column(&t);
  if (!out->select.len || !take(&t, "FROM TABLE AS TABLEalias0")) return false;
  if (!take(&t, "WHERE ")) return str_eq(t, STR(";"));
  do {
    condition *c = &out->where[out->n_where];
    if (out->n_where == MAX_CONDITIONS) return false;
    c->column = take_column(&t);
    c->op = IR_BOS;
    for (size_t i = 0; i < 3; i++)
      if (c->op == IR_BOS && take(&t, ops[i].word)) c->op = ops[i].token;
    if (!c->column.len || c->op == IR_BOS) return false;
    take(&t, "\"");
    size_t n = 0;
    while (n < t.len && ascii_is_alnum(t.ptr[n])) n++;
    c->variable = str_slice(t, 0, n);
    t = str_trim(str_slice(t, n, t.len));
    take(&t, "\"");
    out->n_where++;
  } while (take(&t, "AND "));
  return str_eq(t, STR(";"));
}

static bool read_line(json_t *o, parsed_line *out) {
  *out = (parsed_line){.table = field(o, "table_id"),
                       .question = field(o, "question"),
                       .split = field(o, "split"),
                       .variables = json_object_get(o, "variables")};
  return str_eq(out->split, STR("train")) && out->table.len &&
         read_template(field(o, "sql_template"), out);
}

static int column_index(const wiki_table *t, str name) {
  return (int)(uintptr_t)map_get(t->by_name, name) - 1;
}

static bool add_column(wiki_table *t, str name, bool number, arena *a) {
  int at = column_index(t, name);
  if (at >= 0) {
    if (!number) {
      t->columns.items[at].flags = LINK_COL_TEXT;
    }
    return true;
  }
  link_column c = {.id = (int)t->columns.len, .flags = number ? LINK_COL_NUMBER : LINK_COL_TEXT};
  str kept = arena_str(a, name);
  return kept.ptr && link_name_read(kept, a, &c.name) == EMEND_OK && vec_push(a, &t->columns, c) &&
         map_put(t->by_name, kept, (void *)(uintptr_t)t->columns.len);
}

static bool is_number(str s) {
  size_t digits = 0;
  for (size_t i = 0; i < s.len; i++) {
    if (ascii_is_digit(s.ptr[i]))
      digits++;
    else if (s.ptr[i] != '.' && s.ptr[i] != ',' && s.ptr[i] != '-')
      return false;
  }
  return digits > 0;
}

static bool note_columns(map *tables, const parsed_line *l, arena *a) {
  wiki_table *t = map_get(tables, l->table);
  if (!t) {
    t = ARENA_NEW(a, wiki_table);
    if (!t || !(t->by_name = map_create(a, false))) return false;
    str key = arena_str(a, l->table);
    if (!key.ptr || !map_put(tables, key, t)) return false;
  }
  bool summed = l->agg == IR_SUM || l->agg == IR_AVG || l->agg == IR_MAX || l->agg == IR_MIN;
  if (!add_column(t, l->select, summed, a)) return false;
  for (int i = 0; i < l->n_where; i++) {
    char key[16];
    snprintf(key, sizeof key, "%.*s", STR_ARG(l->where[i].variable));
    bool number = l->where[i].op != IR_EQ || is_number(field(l->variables, key));
    if (!add_column(t, l->where[i].column, number, a)) return false;
  }
  return true;
}

/* ---- one line to one sample ---- */

static void push(ir_seq *s, int kind, int id) {
  if (s->n < IR_MAX_STEPS) s->steps[s->n++] = (ir_step){(uint8_t)kind, id};
}

static bool place_values(const parsed_line *l, const wiki_table *t, sample *x, rng *r, arena *a,
                         int *value_of) {
  int from[MAX_CONDITIONS], to[MAX_CONDITIONS];
  for (int i = 0; i < l->n_where; i++) {
    char key[16];
    link_question part;
    snprintf(key, sizeof key, "%.*s", STR_ARG(l->where[i].variable));
    str text = field(l->variables, key);
    if (!text.len || link_question_read(text, a, &part) != EMEND_OK || part.n > LINK_MAX_NGRAM)
      return false;
    from[i] = sample_find_words(&x->q, &part);
    to[i] = from[i] + part.n;
    if (from[i] < 0) return false;
  }
  for (int i = 0; i < l->n_where; i++)
    if (sample_value_at(x, from[i], to[i]) < 0) return false;
  for (int i = 0; i < l->n_where; i++) {
    value_of[i] = sample_value_at(x, from[i], to[i]);
    int column = column_index(t, l->where[i].column);
    bool number = (x->v.items[value_of[i]].flags & LINK_VAL_NUMBER) != 0;
    if (rng_unit(r) < (number ? 0.2 : 0.8) && !sample_pretend_stored(x, value_of[i], column, r, a))
      return false;
  }
  return true;
}

static bool make_sample(const parsed_line *l, const wiki_table *t, const wikisql_options *o, rng *r,
                        arena *a, sample *x) {
  int value_of[MAX_CONDITIONS];
  *x = (sample){0};
  x->s = (link_schema){.n_tables = 1,
                       .n_columns = (int)t->columns.len,
                       .columns = t->columns.items,
                       .tables = ARENA_NEW(a, link_table)};
  if (!x->s.tables || !*o->n_table_names) return false;
  x->s.tables[0] =
      (link_table){.name = (*o->table_names)[rng_below(r, (uint32_t)*o->n_table_names)],
                   .n_columns = x->s.n_columns};
  if (link_question_read(l->question, a, &x->q) != EMEND_OK || x->q.n == 0 ||
      link_values_find(&x->q, &x->s, NULL, NULL, a, &x->v) != EMEND_OK ||
      !place_values(l, t, x, r, a, value_of))
    return false;
  push(&x->target, IR_STEP_TOKEN, IR_SELECT);
  if (l->agg) push(&x->target, IR_STEP_TOKEN, (int)l->agg);
  push(&x->target, IR_STEP_COLUMN, column_index(t, l->select));
  if (l->n_where) push(&x->target, IR_STEP_TOKEN, IR_WHERE);
  for (int i = 0; i < l->n_where; i++) {
    if (i + 1 < l->n_where) push(&x->target, IR_STEP_TOKEN, IR_AND);
    push(&x->target, IR_STEP_TOKEN, (int)l->where[i].op);
    push(&x->target, IR_STEP_COLUMN, column_index(t, l->where[i].column));
    push(&x->target, IR_STEP_VALUE, value_of[i]);
  }
  push(&x->target, IR_STEP_TOKEN, IR_END);
  return true;
}

/* ---- the file, twice: for the tables' columns, then for the samples ---- */

typedef bool (*each_line)(void *ctx, const parsed_line *l, int row);

static emend_rc for_lines(const char *path, each_line fn, void *ctx, emend_error *err) {
  static char line[LINE_BYTES];
  FILE *f = fopen(path, "r");
  if (!f) return err_set(err, EMEND_ENOTFOUND, "open", "%s: no such file", path);
  bool ok = true;
  for (int row = 0; ok && fgets(line, sizeof line, f); row++) {
    json_t *o = json_loads(line, 0, NULL);
    parsed_line l;
    if (o && read_line(o, &l)) ok = fn(ctx, &l, row);
    json_decref(o);
  }
  fclose(f);
  return ok ? EMEND_OK : err_nomem(err, "wikisql");
}

typedef struct reader {
  const wikisql_options *o;
  rng *r;
  arena *mem;
  map *tables;
  wikisql_each each;
  void *ctx;
} reader;

static bool first_pass(void *ctx, const parsed_line *l, int row) {
  reader *rd = ctx;
  (void)row;
  return note_columns(rd->tables, l, rd->mem);
}

static bool second_pass(void *ctx, const parsed_line *l, int row) {
  reader *rd = ctx;
  if (row % rd->o->shards != rd->o->shard) return true;
  arena *a = arena_create((size_t)1 << 26);
  sample x;
  bool ok = a != NULL;
  if (ok && make_sample(l, map_get(rd->tables, l->table), rd->o, rd->r, a, &x))
    ok = rd->each(rd->ctx, &x, a, row, STR("wikisql"));
  arena_destroy(a);
  return ok;
}

emend_rc wikisql_read(const wikisql_options *o, rng *r, wikisql_each each, void *ctx,
                      emend_error *err) {
  reader rd = {o, r, arena_create((size_t)1 << 30), NULL, each, ctx};
  rd.tables = rd.mem ? map_create(rd.mem, false) : NULL;
  emend_rc rc = rd.tables ? for_lines(o->path, first_pass, &rd, err) : err_nomem(err, "wikisql");
  if (rc == EMEND_OK) rc = for_lines(o->path, second_pass, &rd, err);
  arena_destroy(rd.mem);
  return rc;
}
