/* Units of measure, months, words for codes. See text.h. */
#include "text/text.h"

static const struct {
  const char *word;
  text_dimension dimension;
  double factor; /* seconds, metres, grams, whole money */
} units[] = {
#define UNIT(word, dimension, factor) {word, TEXT_##dimension, factor},
#include "text/units.def"
#undef UNIT
};

bool text_unit(str lower, text_dimension *dimension, double *factor) {
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    if (!str_eq(lower, str_from(units[i].word))) continue;
    *dimension = units[i].dimension;
    *factor = units[i].factor;
    return true;
  }
  return false;
}

bool text_is_code(str lower) {
  static const char *const words[] = {"id",    "code", "zip", "zipcode", "postcode", "postal",
                                      "phone", "fax",  "sku", "isbn",    "ssn"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (str_eq(lower, str_from(words[i]))) return true;
  return false;
}

int text_month(str lower) {
  static const char *const names[] = {"january",   "february", "march",    "april",
                                      "may",       "june",     "july",     "august",
                                      "september", "october",  "november", "december"};
  for (int m = 0; m < 12; m++) {
    str full = str_from(names[m]);
    bool abbreviated = (lower.len == 3 || str_eq(lower, STR("sept"))) && str_starts(full, lower);
    if (str_eq(lower, full) || abbreviated) return m + 1;
  }
  return 0;
}
