/* An IR sequence as one line of text, for people and for tests. Reads nothing back. */
#include "model/ir.h"

enum { MAX_TEXT = 16 * 1024 };

static void print_step(buf *b, ir_step s, const catalog *cat, const ir_value *values,
                       size_t n_values) {
  if (s.kind == IR_STEP_COLUMN && s.id >= 0 && s.id < cat->n_columns) {
    const cat_column *c = &cat->columns[s.id];
    const cat_table *t = &cat->tables[c->table];
    buf_printf(b, "%.*s.%.*s", STR_ARG(t->name), STR_ARG(c->name));
  } else if (s.kind == IR_STEP_TABLE && s.id >= 0 && s.id < cat->n_tables) {
    buf_printf(b, "%.*s", STR_ARG(cat->tables[s.id].name));
  } else if (s.kind == IR_STEP_VALUE && s.id >= 0 && (size_t)s.id < n_values) {
    buf_printf(b, "[%.*s]", STR_ARG(values[s.id].text));
  } else if (s.kind == IR_STEP_TOKEN && s.id >= 0 && s.id < IR_N_TOKENS) {
    buf_add_cstr(b, ir_token_name((ir_token)s.id));
  } else {
    buf_add_c(b, '?');
  }
}

str ir_print(const ir_seq *s, const catalog *cat, const ir_value *values, size_t n_values,
             arena *a) {
  buf b;
  buf_init(&b, MAX_TEXT);
  for (int i = 0; i < s->n && i < IR_MAX_STEPS; i++) {
    if (i > 0) buf_add_c(&b, ' ');
    print_step(&b, s->steps[i], cat, values, n_values);
  }
  str out = b.failed ? (str){NULL, 0} : arena_str(a, buf_str(&b));
  buf_free(&b);
  return out;
}
