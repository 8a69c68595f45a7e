/* "The last 3 orders" in the words that questions of its training have for it. */
#include "generate/generate.h"
#include "text/period.h"

static bool tells_time(const catalog *cat) {
  for (int i = 0; i < cat->n_columns; i++)
    if (catalog_is_date(&cat->columns[i])) return true;
  return false;
}

static bool says_the_order(const text_words *q) {
  static const char *const words[] = {"by",     "order",        "ordered",        "sort",
                                      "sorted", "alphabetical", "alphabetically", NULL};
  for (size_t i = 0; i < q->len; i++)
    if (str_is_any(q->items[i].lower, words)) return true;
  return false;
}

str gen_name_ends(str question, const catalog *cat, arena *a) {
  text_words q;
  buf out;
  size_t at = 0;
  if (!text_tokenize(question, a, &q)) return (str){0};
  if (!tells_time(cat) || says_the_order(&q)) return question;
  buf_init(&out, 1 << 20);
  for (size_t i = 0; i < q.len; i++) {
    const text_word *w = &q.items[i];
    if (!text_asks_for_end(q.items, q.len, i)) continue;
    buf_add(&out, str_slice(question, at, w->from));
    buf_add_cstr(&out, str_eq(w->lower, STR("last")) ? "latest" : "earliest");
    at = w->to;
  }
  buf_add(&out, str_slice(question, at, question.len));
  str said = at == 0 ? question : out.failed ? (str){0} : arena_str(a, buf_str(&out));
  buf_free(&out);
  return said;
}
