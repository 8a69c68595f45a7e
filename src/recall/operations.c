/* What two questions do with rows. See operations.h. */
#include "recall/operations.h"

#include <string.h>

/* ---- reading ---- */

static uint8_t op_at(const recall_wording *w, const bool *taken, size_t i) {
  bool counts = i < w->n && w->words[i].kind == WORD_OP && !(taken && taken[i]);
  return counts ? w->words[i].op : OP_NONE;
}

/* "from highest to lowest", "high to low": an order, not two ends of one. */
static bool is_from_to(const recall_wording *w, size_t i, size_t *other) {
  static const str TO = {"to", 2};
  uint64_t to = str_hash64(TO);
  for (size_t k = i + 1; k < w->n && k <= i + 4; k++) {
    if (w->words[k].lower != to) continue;
    for (size_t m = k + 1; m < w->n && m <= k + 2; m++)
      if (w->words[m].kind == WORD_OP && (w->words[m].op == OP_HIGH || w->words[m].op == OP_LOW) &&
          w->words[m].op != w->words[i].op) {
        *other = m;
        return true;
      }
  }
  return false;
}

/* "Parties whose number of hosts is greater than 20", "with a count above 3". */
static bool is_condition(const recall_wording *w, const bool *taken, size_t i) {
  static const char *const LEADS[] = {"with", "whose", "having", "have", "has", NULL},
                           *const ARTICLES[] = {"a", "the", NULL};
  size_t lead = i;
  if (lead && wording_is_any(&w->words[lead - 1], ARTICLES)) lead--;
  if (!lead || !wording_is_any(&w->words[lead - 1], LEADS)) return false;
  for (size_t ahead = 1; ahead <= 5 && i + ahead < w->n; ahead++) {
    switch (op_at(w, taken, i + ahead)) {
      case OP_HIGH:
      case OP_LOW:
      case OP_MORE:
      case OP_LESS:
      case OP_FROM:
      case OP_UPTO:
        return true;
      case OP_AND:
        return false;
      default:
        break;
    }
  }
  return false;
}

/* Is the count at `i` only what rows are ordered or compared by: "the most number of", "more than
 * 3", "in descending order of the number of"? */
static bool is_measure(const recall_wording *w, const bool *taken, size_t i) {
  if (is_condition(w, taken, i)) return true;
  for (size_t back = 1; back <= 4 && back <= i; back++) {
    switch (op_at(w, taken, i - back)) {
      case OP_HIGH:
      case OP_LOW:
      case OP_AVG:
      case OP_SUM:
      case OP_ORDER:
      case OP_ASCENDING:
      case OP_DESCENDING:
      case OP_MORE:
      case OP_LESS:
        return true;
      default:
        break;
    }
    if (w->words[i - back].kind == WORD_CONTENT) return false;
  }
  return false;
}

/* "How many different", "the average number of distinct"; "the phone number of different", too,
 * says more than that rows are different. */
static bool follows_number(const recall_wording *w, const bool *taken, size_t i) {
  static const char *const NUMBER[] = {"number", "numbers", NULL};
  for (size_t back = 1; back <= 3 && back <= i; back++) {
    recall_op op = (recall_op)op_at(w, taken, i - back);
    if (op == OP_COUNT || op == OP_SUM || op == OP_AVG || op == OP_AMOUNT) return true;
    if (wording_is_any(&w->words[i - back], NUMBER)) return true;
    if (w->words[i - back].kind == WORD_CONTENT || op == OP_AND) return false;
  }
  return false;
}

static bool has_other(const recall_wording *w, const bool *taken, size_t i) {
  for (size_t k = 0; k < w->n; k++)
    if (k != i && op_at(w, taken, k) == w->words[i].op) return true;
  return false;
}

/* "The top 3 highest", "the top 3 with the most": one end, said twice. */
static bool says_again(const recall_wording *w, const bool *taken, size_t i) {
  static const char *const TOP[] = {"top", NULL};
  uint8_t op = op_at(w, taken, i);
  if (op != OP_HIGH && op != OP_LOW) return false;
  bool top = wording_is_any(&w->words[i], TOP) && i + 1 < w->n && w->words[i + 1].numeric;
  if (top) return has_other(w, taken, i);
  return i > 0 && op_at(w, taken, i - 1) == op;
}

/* "2 to 4". */
static bool has_range(const recall_wording *w) {
  static const char *const TO[] = {"to", NULL};
  for (size_t i = 0; i + 2 < w->n; i++)
    if (w->words[i].kind == WORD_NUMBER && wording_is_any(&w->words[i + 1], TO) &&
        w->words[i + 2].kind == WORD_NUMBER)
      return true;
  return false;
}

void operations_read(const recall_wording *w, const bool *taken, operations *out) {
  bool skip[WORDING_MAX_WORDS] = {false};
  memset(out, 0, sizeof *out);
  for (size_t i = 0; i < w->n; i++) {
    uint8_t op = op_at(w, taken, i);
    size_t other = 0;
    if (op == OP_NONE || skip[i]) continue;
    if ((op == OP_HIGH || op == OP_LOW) && is_from_to(w, i, &other)) {
      skip[other] = true;
      out->orders = true;
      out->down = out->down || op == OP_HIGH;
      continue;
    }
    if (out->n[op] < 255 && !says_again(w, taken, i)) out->n[op]++;
    if (op == OP_COUNT && !is_measure(w, taken, i)) out->counts_rows++;
    if (op == OP_DISTINCT && follows_number(w, taken, i)) out->counts_distinct++;
  }
  if (!out->n[OP_BETWEEN]) out->n[OP_BETWEEN] = has_range(w);
  out->orders = out->orders || out->n[OP_ORDER] || out->n[OP_ASCENDING] || out->n[OP_DESCENDING] ||
                out->n[OP_ALPHABETICAL];
  out->down = out->down || out->n[OP_DESCENDING];
}

recall_op operations_near(const recall_wording *w, size_t word) {
  for (size_t ahead = 1; ahead <= 2 && word + ahead < w->n; ahead++) {
    uint8_t op = op_at(w, NULL, word + ahead);
    if (op == OP_FROM || op == OP_UPTO) return (recall_op)op;
  }
  for (size_t back = 1; back <= 4 && back <= word; back++) {
    uint8_t op = op_at(w, NULL, word - back);
    if (op == OP_FROM || op == OP_UPTO || op == OP_MORE || op == OP_LESS) return (recall_op)op;
    if (w->words[word - back].kind == WORD_NUMBER) break;
  }
  return OP_NONE;
}

/* ---- comparing ---- */

static bool has(const operations *o, recall_op op) { return o->n[op] > 0; }
static bool differ(const operations *x, const operations *y, recall_op op) {
  return has(x, op) != has(y, op);
}

static unsigned compare_logic(const recall_facts *f, const operations *w, const operations *q) {
  unsigned faults = 0;
  bool not_w = has(w, OP_NOT) || has(w, OP_NOR), not_q = has(q, OP_NOT) || has(q, OP_NOR);
  if (not_w != not_q || w->n[OP_NOT] + w->n[OP_NOR] != q->n[OP_NOT] + q->n[OP_NOR])
    faults |= FAULT_NOT;
  if (differ(w, q, OP_ONLY)) faults |= FAULT_NOT;
  bool or_w = has(w, OP_OR), or_q = has(q, OP_OR);
  bool one = f->either && !f->all && f->n_items < 2; /* "in A and B" is "in A or B" */
  if (w->n[OP_OR] != q->n[OP_OR] && !(or_q && !or_w && one)) faults |= FAULT_OR;
  if (differ(w, q, OP_BOTH) && (f->either || or_w || or_q)) faults |= FAULT_OR;
  if (differ(w, q, OP_EITHER) && !f->either) faults |= FAULT_OR;
  return faults;
}

static unsigned compare_values(const operations *w, const operations *q) {
  static const recall_op COMPARISONS[] = {OP_FROM, OP_UPTO, OP_MORE, OP_LESS, OP_BETWEEN, OP_SOME};
  unsigned faults = 0;
  for (size_t i = 0; i < sizeof COMPARISONS / sizeof *COMPARISONS; i++)
    if (w->n[COMPARISONS[i]] != q->n[COMPARISONS[i]]) faults |= FAULT_COMPARE;
  if (differ(w, q, OP_BEGINS) || differ(w, q, OP_ENDS)) faults |= FAULT_TEXT;
  if (w->n[OP_HIGH] != q->n[OP_HIGH] || w->n[OP_LOW] != q->n[OP_LOW]) faults |= FAULT_END;
  return faults;
}

static unsigned compare_aggregates(const operations *w, const operations *q) {
  unsigned faults = 0;
  if (w->n[OP_AVG] != q->n[OP_AVG] || differ(w, q, OP_MEDIAN) || differ(w, q, OP_SHARE))
    faults |= FAULT_AGGREGATE;
  if (differ(w, q, OP_SUM)) faults |= FAULT_AGGREGATE;
  if (w->counts_rows != q->counts_rows) faults |= FAULT_AGGREGATE;
  return faults;
}

/* "for each" may be unsaid where a query groups for its result, and said where it changes none. */
static bool each_may_differ(const recall_facts *f) {
  bool aggregates = f->count || f->sum || f->avg || f->max || f->min;
  if (f->limit || f->having) return false;
  return aggregates ? f->group && (f->count_item || f->sum || f->avg) : true;
}

/* "Different" says nothing of rows that the query does not tell apart, nor of those that it puts
 * together: "the different cities, and how many shops each has". */
static unsigned compare_distinct(const recall_facts *f, const operations *w, const operations *q) {
  bool distinct = f->distinct || f->count_distinct;
  bool each_q = f->group && has(q, OP_EACH) && !has(w, OP_EACH);
  bool each_w = f->group && has(w, OP_EACH) && !has(q, OP_EACH);
  bool less = q->n[OP_DISTINCT] < w->n[OP_DISTINCT];
  bool more = q->n[OP_DISTINCT] > w->n[OP_DISTINCT];
  bool counts = q->counts_distinct != w->counts_distinct;
  if (less && ((!distinct && !counts) || (!has(q, OP_DISTINCT) && each_q))) return 0;
  if (more && !has(w, OP_DISTINCT) && (distinct || each_w)) return 0;
  if (more && f->group && !distinct && !counts) return 0;
  return less || more ? FAULT_DISTINCT : 0;
}

static unsigned compare_groups(const recall_facts *f, const operations *w, const operations *q) {
  unsigned faults = 0;
  bool listed = f->n_items > 1 && has(q, OP_AND); /* "majors and the number of students" */
  bool unsaid = has(w, OP_EACH) && !has(q, OP_EACH) && f->group && !listed;
  bool more = has(w, OP_EACH) && q->n[OP_EACH] > w->n[OP_EACH];
  if (w->n[OP_EACH] != q->n[OP_EACH] && (!each_may_differ(f) || unsaid || more))
    faults |= FAULT_GROUP;
  bool aggregates = f->count || f->sum || f->avg || f->max || f->min;
  if (has(w, OP_EACH) && aggregates && !f->group) faults |= FAULT_GROUP; /* its words say more */
  return faults | compare_distinct(f, w, q);
}

static unsigned compare_order(const recall_facts *f, const operations *w, const operations *q) {
  if (w->orders != q->orders) return f->limit && !q->orders ? 0 : FAULT_ORDER;
  bool turned = w->down != q->down || w->n[OP_DESCENDING] != q->n[OP_DESCENDING];
  return turned ? FAULT_ORDER : 0;
}

/* One operation in the place of another, where both also stand elsewhere: "average … average" and
 * "total … average". */
static unsigned compare_swaps(const operations *w, const operations *q) {
  static const recall_op AGGREGATES[] = {OP_AVG, OP_SUM, OP_HIGH, OP_LOW, OP_COUNT};
  static const recall_op COMPARISONS[] = {OP_FROM, OP_UPTO, OP_MORE, OP_LESS, OP_EXACTLY};
  int up[2] = {0}, down[2] = {0};
  for (size_t i = 0; i < 5; i++) {
    up[0] += q->n[AGGREGATES[i]] > w->n[AGGREGATES[i]];
    down[0] += q->n[AGGREGATES[i]] < w->n[AGGREGATES[i]];
    up[1] += q->n[COMPARISONS[i]] > w->n[COMPARISONS[i]];
    down[1] += q->n[COMPARISONS[i]] < w->n[COMPARISONS[i]];
  }
  return (up[0] && down[0] ? FAULT_AGGREGATE : 0u) | (up[1] && down[1] ? FAULT_COMPARE : 0u);
}

bool operations_equal(const operations *x, const operations *y) {
  for (size_t i = OP_NOTHING + 1; i < OP_N; i++)
    if (i != OP_AND && x->n[i] != y->n[i]) return false;
  return x->counts_rows == y->counts_rows && x->orders == y->orders && x->down == y->down;
}

unsigned operations_compare(const recall_facts *f, const operations *w, const operations *q) {
  return compare_logic(f, w, q) | compare_values(w, q) | compare_aggregates(w, q) |
         compare_groups(f, w, q) | compare_order(f, w, q) | compare_swaps(w, q);
}
