/* What a question asks for, read from its words: counts, superlatives, "top 3",
 * "for each", negation, numbers, quoted text. Knows no schema. */
#include "judge/judge.h"
#include "judge/request.h"
#include "text/grain.h"
#include "text/period.h"

#define IN(word, ...) str_is_any((word), (const char *const[]){__VA_ARGS__, NULL})

static str lower_at(const judge_intent *in, size_t i) {
  return i < in->words.len && !in->words.items[i].quoted ? in->words.items[i].lower : STR("");
}

/* Ends like a superlative and is one: "youngest", not "forest". */
static bool is_superlative_form(str w) {
  if (w.len < 6 || !str_ends(w, STR("est"))) return false;
  return !IN(w, "forest", "request", "interest", "honest", "harvest", "contest", "invest", "modest",
             "protest", "arrest", "suggest", "digest", "midwest", "northwest", "southwest",
             "conquest", "everest", "budapest", "bequest", "inquest", "divest", "attest", "infest",
             "ingest", "manifest", "tempest", "armrest");
}

static bool is_superlative(const judge_intent *in, size_t i) {
  str w = lower_at(in, i), before = i ? lower_at(in, i - 1) : STR("");
  if (IN(w, "most", "least")) return !str_eq(before, STR("at")); /* "at least 3" compares */
  if (IN(w, "maximum", "minimum", "max", "min", "best", "worst", "top", "bottom", "latest",
         "fewest"))
    return true;
  return is_superlative_form(w);
}

static void set_count(judge_intent *in, size_t counted) {
  if (!in->count) in->counted = counted;
  in->count = true;
}

/* "miles per gallon" measures, "sales per country" groups. */
static bool is_unit(str w) {
  return IN(w, "gallon", "gallons", "hour", "minute", "second", "litre", "liter", "kilometer",
            "kilometre", "km", "mile", "capita", "cent", "share", "unit", "night", "inch");
}

/* "No more than 3", "no.", "not only" exclude nothing. */
static bool excludes(const judge_intent *in, size_t i) {
  str w = lower_at(in, i), next = lower_at(in, i + 1), after = lower_at(in, i + 2);
  bool bound = str_eq(after, STR("than")) || IN(next, "more", "less", "fewer", "later", "longer");
  if (str_eq(w, STR("no")) && (str_eq(next, STR(".")) || bound)) return false;
  return text_is_negation(w) && !(str_eq(w, STR("not")) && (bound || str_eq(next, STR("only"))));
}

static void read_flags(judge_intent *in, size_t i) {
  str w = lower_at(in, i), next = lower_at(in, i + 1);
  str before = i ? lower_at(in, i - 1) : STR("");
  if (str_eq(w, STR("how")) && str_eq(next, STR("many"))) set_count(in, i + 2);
  if (IN(w, "number", "count") && IN(next, "of", "the") &&
      !IN(before, "average", "mean", "total", "different", "distinct") &&
      !(i && is_superlative(in, i - 1)))
    set_count(in, i + 2);
  if (i == 0 && str_eq(w, STR("count"))) set_count(in, 1);
  if (IN(w, "average", "mean", "avg")) in->average = true;
  if (IN(w, "total", "sum", "altogether", "overall")) in->total = true;
  if (excludes(in, i)) in->negated = true;
  if (IN(w, "different", "distinct", "unique")) in->distinct = true;
  text_grain grain;
  size_t of_time = text_grain_at(in->words.items, in->words.len, i, &grain);
  if (IN(w, "each", "every") || (str_eq(w, STR("per")) && !is_unit(next)) ||
      (of_time && grain.form == TEXT_GRAIN_EACH))
    in->per_group = true;
  if (IN(w, "percentage", "percent", "ratio", "proportion", "fraction") || str_eq(w, STR("%")))
    in->percentage = true;
  if (str_eq(w, STR("share")) && IN(next, "of")) in->percentage = true;
}

/* "top 3", "the 3 youngest", "first 5 rows", "last 3 orders", "5 most expensive" */
static bool is_k(const judge_intent *in, size_t i) {
  double v = in->words.items[i].number;
  if (v < 1 || v > 1000000 || v != (double)(int)v) return false;
  str before = i ? lower_at(in, i - 1) : STR("");
  if (IN(before, "top", "bottom")) return true;
  if (i && text_asks_for_end(in->words.items, in->words.len, i - 1)) return true;
  if (is_superlative(in, i + 1) || (is_superlative(in, i + 2) && !IN(lower_at(in, i + 1), "of")))
    return !IN(before, "than", "least", "most", "over", "under", "above", "below", "exactly", "in");
  return is_superlative_form(before) || IN(before, "best", "worst");
}

/* "one" counts as a number only where something is compared with it. */
static bool is_pronoun_one(const judge_intent *in, size_t i) {
  if (!str_eq(lower_at(in, i), STR("one"))) return false;
  str before = i ? lower_at(in, i - 1) : STR("");
  return !IN(before, "than", "least", "most", "exactly", "only", "just");
}

static bool read_number(judge_intent *in, arena *a, size_t i) {
  const text_word *w = &in->words.items[i];
  if (!w->is_number || w->quoted || is_pronoun_one(in, i)) return true;
  judge_number n = {.value = w->number, .word = i, .is_k = is_k(in, i)};
  if (n.is_k && !in->top_k) in->top_k = (int)n.value;
  return vec_push(a, &in->numbers, n);
}

/* Consecutive quoted words of one pair of quotes are one text. */
static bool read_quoted(judge_intent *in, arena *a) {
  for (size_t i = 0; i < in->words.len; i++) {
    if (!in->words.items[i].quoted || in->words.items[i].is_punct) continue;
    size_t from = in->words.items[i].from, to = in->words.items[i].to;
    for (; i + 1 < in->words.len && in->words.items[i + 1].quoted; i++)
      to = in->words.items[i + 1].to;
    if (!vec_push(a, &in->quoted, str_slice(in->question, from, to))) return false;
  }
  return true;
}

static bool ends_list(str w) {
  return IN(w, "of", "for", "from", "that", "who", "which", "where", "with", "whose", "in",
            "ordered", "sorted", "by", "having", "on", "at", "when", "?", ".", "are", "is", "have",
            "has", "do", "does", "did", "to", "or", "per", "each", "along", "together", "as",
            "between", "both");
}

/* "Show name, country and age for …": 3. Only enumerations that stand at the head are
 * counted; 0 when there is none. */
static int count_listed(const judge_intent *in) {
  size_t i = 0;
  while (IN(lower_at(in, i), "please", "can", "could", "you", "what", "which", "show", "list",
            "give", "find", "return", "tell", "display", "get", "me", "us", "are", "is", "was",
            "were", "the", "all", "a", "an", "their", "its", "distinct", "different"))
    i++;
  int parts = 0;
  bool filled = false;
  for (; i < in->words.len && i < 40; i++) {
    str w = lower_at(in, i);
    if (in->words.items[i].is_number || in->words.items[i].quoted || ends_list(w)) break;
    if (str_eq(w, STR("and")) || str_eq(w, STR(","))) {
      parts += filled;
      filled = false;
    } else if (!in->words.items[i].is_punct && !IN(w, "the", "a", "an", "their", "its", "his")) {
      filled = true;
    }
  }
  parts += filled;
  return parts >= 2 ? parts : 0;
}

emend_rc judge_read(str question, arena *a, judge_intent *out, emend_error *err) {
  *out = (judge_intent){.question = question};
  if (!text_tokenize(question, a, &out->words)) return err_nomem(err, "judge");
  for (size_t i = 0; i < out->words.len; i++) {
    read_flags(out, i);
    if (is_superlative(out, i)) {
      out->superlative = true;
      if (!vec_push(a, &out->superlatives, i)) return err_nomem(err, "judge");
    }
    if (!read_number(out, a, i)) return err_nomem(err, "judge");
  }
  if (!read_quoted(out, a)) return err_nomem(err, "judge");
  out->listed = count_listed(out);
  return judge_read_request(out, a) ? EMEND_OK : err_nomem(err, "judge");
}
