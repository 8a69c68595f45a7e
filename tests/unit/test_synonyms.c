/* synonyms: relations come back whatever the inflection; no damaged table gets through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "text/synonyms.h"

#define MODEL EMEND_SOURCE_DIR "/models/synonyms.bin"

/* The format over five words: car, man, men (a form of man), person, vehicle. A car is a kind of
 * vehicle, man-person are synonyms. The members leave no gaps. */
typedef struct table {
  char magic[8];
  uint32_t version, n_words, n_edges, n_slots, text_len, zero;
  uint32_t word_off[6], edge_off[6];
  uint16_t slot[8], target[3];
  uint8_t kind[3];
  char text[22], pad[1];
  uint64_t sum;
} table;

static table sample(void) {
  static const char *const words[5] = {"car", "man", "men", "person", "vehicle"};
  table t = {.magic = {'E', 'M', 'E', 'N', 'D', 'S', 'Y', '1'},
             .version = 2,
             .n_words = 5,
             .n_edges = 3,
             .n_slots = 8,
             .text_len = sizeof t.text,
             .edge_off = {0, 1, 2, 3, 3, 3},
             .target = {4, 3, 1},
             .kind = {5, SYNONYMS_SYNONYM, 4}};
  for (uint32_t i = 0; i < 5; i++) {
    size_t len = strlen(words[i]);
    memcpy(t.text + t.word_off[i], words[i], len);
    t.word_off[i + 1] = t.word_off[i] + (uint32_t)len;
    uint32_t at = str_hash(str_from(words[i])) & 7;
    while (t.slot[at]) at = (at + 1) & 7;
    t.slot[at] = (uint16_t)(i + 1);
  }
  return t;
}

/* Parses `t` with a checksum that fits. */
static emend_rc parse_sealed(table *t, synonyms **out) {
  t->sum = 14695981039346656037u;
  for (size_t i = 0; i < offsetof(table, sum); i += 8) {
    uint64_t w;
    memcpy(&w, (const char *)t + i, 8);
    t->sum = (t->sum ^ w) * 1099511628211u;
  }
  return synonyms_parse(t, sizeof *t, out, NULL);
}

static synonyms_kind relation(const synonyms *s, const char *a, const char *b) {
  synonyms_kind there = synonyms_relation(s, str_from(a), str_from(b));
  assert_int_equal(synonyms_relation(s, str_from(b), str_from(a)), there);
  return there;
}

static void a_small_table_gives_its_relations_through_forms(void **state) {
  (void)state;
  table t = sample();
  synonyms *s;
  assert_int_equal(parse_sealed(&t, &s), EMEND_OK);
  assert_int_equal(synonyms_len(s), 5);
  assert_int_equal(relation(s, "cars", "vehicle"), SYNONYMS_HYPERNYM);
  assert_int_equal(relation(s, "men", "persons"), SYNONYMS_SYNONYM);
  assert_int_equal(relation(s, "men", "man"), SYNONYMS_SYNONYM);
  assert_int_equal(relation(s, "man", "car"), SYNONYMS_NONE);
  assert_int_equal(relation(s, "", "car"), SYNONYMS_NONE);
  assert_int_equal(relation(s, "s", "car"), SYNONYMS_NONE);
  synonyms_close(s);
}

static void words_in_a_relation_are_listed(void **state) {
  (void)state;
  table t = sample();
  synonyms *s;
  uint16_t found[4];
  assert_int_equal(parse_sealed(&t, &s), EMEND_OK);
  synonyms_word men = synonyms_find(s, STR("men"));
  assert_int_equal(synonyms_list(s, &men, SYNONYMS_SYNONYM, found, 4), 1);
  assert_true(str_eq(synonyms_text(s, found[0]), STR("person")));
  assert_int_equal(synonyms_list(s, &men, SYNONYMS_HYPERNYM, found, 4), 0);
  assert_int_equal(synonyms_list(NULL, &men, SYNONYMS_SYNONYM, found, 4), 0);
  synonyms_close(s);
}

static void what_a_word_is_a_kind_of_is_told_from_its_kinds(void **state) {
  (void)state;
  table t = sample();
  synonyms *s;
  uint16_t found[4];
  assert_int_equal(parse_sealed(&t, &s), EMEND_OK);
  synonyms_word cars = synonyms_find(s, STR("cars")), vehicle = synonyms_find(s, STR("vehicle"));
  assert_int_equal(synonyms_more_general(s, &cars, found, 4), 1);
  assert_true(str_eq(synonyms_text(s, found[0]), STR("vehicle")));
  assert_int_equal(synonyms_more_general(s, &vehicle, found, 4), 0);
  assert_int_equal(synonyms_list(s, &vehicle, SYNONYMS_HYPERNYM, found, 4), 1);
  synonyms_close(s);

  t.kind[0] = 6; /* told the other way round */
  assert_int_equal(parse_sealed(&t, &s), EMEND_OK);
  assert_int_equal(synonyms_more_general(s, &cars, found, 4), 0);
  assert_int_equal(synonyms_more_general(s, &vehicle, found, 4), 1);
  assert_true(str_eq(synonyms_text(s, found[0]), STR("car")));
  assert_int_equal(synonyms_more_general(NULL, &vehicle, found, 4), 0);
  synonyms_close(s);
}

static void contents_that_lie_are_refused_though_the_checksum_fits(void **state) {
  (void)state;
  synonyms *s;
#define REFUSED(change, code)                     \
  do {                                            \
    table t = sample();                           \
    change;                                       \
    assert_int_equal(parse_sealed(&t, &s), code); \
    assert_null(s);                               \
  } while (0)
  REFUSED(t.magic[0] = 'X', EMEND_EFORMAT);
  REFUSED(t.version = 1, EMEND_EVERSION);
  REFUSED(t.version = 3, EMEND_EVERSION);
  REFUSED(t.n_words = 6, EMEND_EFORMAT);
  REFUSED(t.n_words = UINT32_MAX, EMEND_EFORMAT);
  REFUSED(t.n_edges = UINT32_MAX, EMEND_EFORMAT);
  REFUSED(t.n_slots = 7, EMEND_EFORMAT);
  REFUSED(t.n_slots = 0, EMEND_EFORMAT);
  REFUSED(t.text_len = 1000, EMEND_EFORMAT);
  REFUSED(t.word_off[2] = 100, EMEND_EFORMAT);
  REFUSED(t.word_off[0] = 1, EMEND_EFORMAT);
  REFUSED(t.edge_off[1] = 3, EMEND_EFORMAT);
  REFUSED(t.slot[0] = 6, EMEND_EFORMAT);
  REFUSED(for (int i = 0; i < 8; i++) t.slot[i] = 1, EMEND_EFORMAT);
  REFUSED(t.target[0] = 5, EMEND_EFORMAT);
  REFUSED(t.kind[0] = 0, EMEND_EFORMAT);
  REFUSED(t.kind[0] = 7, EMEND_EFORMAT);
#undef REFUSED
}

static void every_cut_and_every_changed_byte_is_found(void **state) {
  (void)state;
  synonyms *s;
  table t = sample();
  assert_int_equal(parse_sealed(&t, &s), EMEND_OK);
  synonyms_close(s);
  for (size_t len = 0; len < sizeof t; len++) {
    assert_int_not_equal(synonyms_parse(&t, len, &s, NULL), EMEND_OK);
    assert_null(s);
  }
  FILE *f = fopen(MODEL, "rb");
  assert_non_null(f);
  fseek(f, 0, SEEK_END);
  size_t size = (size_t)ftell(f);
  rewind(f);
  char *whole = malloc(size);
  assert_non_null(whole);
  assert_int_equal(fread(whole, 1, size, f), size);
  fclose(f);
  for (size_t at = 0; at < size; at += size / 37) {
    whole[at] = (char)(whole[at] ^ 16);
    assert_int_not_equal(synonyms_parse(whole, size, &s, NULL), EMEND_OK);
    whole[at] = (char)(whole[at] ^ 16);
  }
  free(whole);
}

static void a_missing_table_is_empty_and_a_folder_is_an_error(void **state) {
  (void)state;
  synonyms *s;
  emend_error err;
  assert_int_equal(synonyms_open("/nonexistent/synonyms.bin", &s, &err), EMEND_OK);
  assert_null(s);
  assert_int_equal(synonyms_relation(s, STR("car"), STR("car")), SYNONYMS_NONE);
  assert_int_equal(synonyms_len(s), 0);
  synonyms_close(s);
  assert_int_equal(synonyms_open(EMEND_SOURCE_DIR, &s, &err), EMEND_EIO);
  assert_null(s);
}

static void memory_that_runs_out_is_reported(void **state) {
  (void)state;
  synonyms *s;
  table t = sample();
  mem_fail_at(1);
  assert_int_equal(synonyms_open(MODEL, &s, NULL), EMEND_ENOMEM);
  assert_null(s);
  mem_fail_at(1);
  assert_int_equal(parse_sealed(&t, &s), EMEND_ENOMEM);
  assert_null(s);
  mem_fail_at(0);
}

static void the_shipped_table_knows_the_words_of_databases(void **state) {
  (void)state;
  synonyms *s;
  emend_error err;
  assert_int_equal(synonyms_open(MODEL, &s, &err), EMEND_OK);
  assert_non_null(s);
  assert_int_equal(relation(s, "clients", "customer"), SYNONYMS_SYNONYM);
  assert_int_equal(relation(s, "wages", "salary"), SYNONYMS_SYNONYM);
  assert_int_equal(relation(s, "aerodrome", "airports"), SYNONYMS_SYNONYM);
  assert_int_equal(relation(s, "tallest", "height"), SYNONYMS_DERIVATION);
  assert_int_equal(relation(s, "oldest", "age"), SYNONYMS_DERIVATION);
  assert_int_equal(relation(s, "singer", "sang"), SYNONYMS_DERIVATION);
  assert_int_equal(relation(s, "towns", "city"), SYNONYMS_HYPERNYM);
  assert_int_equal(relation(s, "car", "vehicles"), SYNONYMS_HYPERNYM);
  assert_int_equal(relation(s, "children", "child"), SYNONYMS_SYNONYM);
  assert_int_equal(relation(s, "bought", "purchase"), SYNONYMS_SYNONYM);
  assert_int_equal(relation(s, "budget", "singer"), SYNONYMS_NONE);
  assert_int_equal(relation(s, "zzyzx", "zzyzx"), SYNONYMS_NONE);
  assert_int_equal(synonyms_find(s, STR("zzyzx")).n, 0);
  synonyms_close(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_small_table_gives_its_relations_through_forms),
      cmocka_unit_test(words_in_a_relation_are_listed),
      cmocka_unit_test(what_a_word_is_a_kind_of_is_told_from_its_kinds),
      cmocka_unit_test(contents_that_lie_are_refused_though_the_checksum_fits),
      cmocka_unit_test(every_cut_and_every_changed_byte_is_found),
      cmocka_unit_test(a_missing_table_is_empty_and_a_folder_is_an_error),
      cmocka_unit_test(memory_that_runs_out_is_reported),
      cmocka_unit_test(the_shipped_table_knows_the_words_of_databases),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
