/* augment: whatever is varied, the target keeps its value; values are said otherwise, and words
 * that mean none are stored by chance. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "augment.h"
#include "support/schema.h"

enum { SEEDS = 400, KIND = 2 };

static int set_up(void **state) {
  (void)state;
  return open_schema(
      "CREATE TABLE pet (id INTEGER PRIMARY KEY, name TEXT, kind TEXT, home TEXT);"
      "INSERT INTO pet VALUES (1,'Rex','dog','a'),(2,'Tom','cat','b'),(3,'Ivy','dog','c');",
      NULL);
}

/* "How many critters of the kind dog …", with the candidate that its query looks for. */
static sample read_sample(int *value) {
  sample x = {.n_aliases = 0};
  str question = STR("How many critters of the kind dog live somewhere?");
  assert_int_equal(link_question_read(question, mem, &x.q), EMEND_OK);
  assert_int_equal(link_schema_read(cat, mem, &x.s), EMEND_OK);
  assert_int_equal(link_values_find(&x.q, &x.s, cat, NULL, mem, &x.v), EMEND_OK);
  *value = -1;
  for (int k = 0; k < x.v.n; k++)
    if (str_eq(x.v.items[k].text, STR("dog"))) *value = k;
  assert_true(*value >= 0);
  x.target.n = 2;
  x.target.steps[0] = (ir_step){.kind = IR_STEP_COLUMN, .id = KIND};
  x.target.steps[1] = (ir_step){.kind = IR_STEP_VALUE, .id = *value};
  return x;
}

/* Is a plain word stored that the target does not look for? */
static bool stores_another(const sample *x, int value) {
  for (int k = 0; k < x->v.n; k++)
    if (k != value && x->v.items[k].n_cells) return true;
  return false;
}

static void the_target_keeps_its_value(void **state) {
  (void)state;
  synonyms *syn;
  const augment_names names = {0};
  assert_int_equal(synonyms_open(EMEND_SOURCE_DIR "/models/synonyms.bin", &syn, NULL), EMEND_OK);
  const augment_context c = {.cat = cat, .names = &names, .synonyms = syn};
  int otherwise = 0, by_chance = 0, as_it_was = 0;
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    int value;
    rng r;
    sample x = read_sample(&value);
    rng_seed(&r, seed);
    assert_false(stores_another(&x, value));
    assert_int_equal(augment_sample(&x, &c, &r, mem), EMEND_OK);
    const link_value *v = &x.v.items[value];
    assert_int_equal(v->n_cells, 1);
    assert_int_equal(x.s.columns[v->cells[0].column].id, KIND);
    assert_true(str_eq(v->cells[0].stored, STR("dog")));
    assert_true(v->to <= x.q.n && v->from < v->to);
    bool said = !str_eq(x.q.words[v->from].lower, STR("dog"));
    assert_int_equal(v->cells[0].near, said);
    otherwise += said;
    by_chance += stores_another(&x, value);
    as_it_was += !said && !stores_another(&x, value);
  }
  assert_true(otherwise > 0 && by_chance > 0 && as_it_was > SEEDS / 2);
  synonyms_close(syn);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_target_keeps_its_value)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
