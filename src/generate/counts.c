/* "Orders per status" as "number of orders per status": how many is what such words ask for, and
 * questions of the network's training say so. */
#include "generate/generate.h"
#include "text/grain.h"

/* The words before the things: "show me | all the"; *lead is where the latter begin. */
static size_t skip_asking(const text_words *q, size_t *lead) {
  static const char *const asking[] = {"please", "show", "list", "give", "me", "us", "find", NULL};
  static const char *const articles[] = {"all", "of", "the", NULL};
  size_t i = 0;
  while (i < q->len && str_is_any(q->items[i].lower, asking)) i++;
  *lead = i;
  while (i < q->len && str_is_any(q->items[i].lower, articles)) i++;
  return i;
}

static bool is_named(const text_words *q, size_t from, size_t to, const str *name, int n,
                     arena *a) {
  if (n <= 0 || to - from != (size_t)n) return false;
  for (int k = 0; k < n; k++)
    if (!str_eq(q->items[from + (size_t)k].stem, text_stem(a, name[k]))) return false;
  return true;
}

/* Several rows of a table, and nothing that a column of one holds. */
static bool are_rows(const text_words *q, size_t from, size_t to, const catalog *cat, arena *a) {
  bool rows = false;
  if (to == from || !str_ends(q->items[to - 1].lower, STR("s"))) return false;
  for (int i = 0; i < cat->n_tables; i++)
    rows |= !cat->tables[i].is_view &&
            is_named(q, from, to, cat->tables[i].words, cat->tables[i].n_words, a);
  for (int i = 0; i < cat->n_columns && rows; i++) {
    const cat_column *c = &cat->columns[i];
    rows = cat->tables[c->table].is_view || !is_named(q, from, to, c->words, c->n_words, a);
  }
  return rows;
}

/* "per status", "each day" */
static bool divides(const text_words *q, size_t i) {
  text_grain g;
  return str_eq(q->items[i].lower, STR("per")) ||
         (text_grain_at(q->items, q->len, i, &g) && g.form == TEXT_GRAIN_EACH);
}

str gen_name_counts(str question, const catalog *cat, arena *a) {
  text_words q;
  buf out;
  if (!text_tokenize(question, a, &q)) return (str){0};
  size_t lead, from = skip_asking(&q, &lead), per = from;
  while (per < q.len && !divides(&q, per)) per++;
  if (per >= q.len || q.items[per].quoted || !are_rows(&q, from, per, cat, a)) return question;
  buf_init(&out, 1 << 20);
  buf_add(&out, str_slice(question, 0, q.items[lead].from));
  buf_add_cstr(&out, "number of ");
  buf_add(&out, str_slice(question, q.items[from].from, question.len));
  str said = out.failed ? (str){0} : arena_str(a, buf_str(&out));
  buf_free(&out);
  return said;
}
