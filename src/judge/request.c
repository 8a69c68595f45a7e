/* Is it a question at all, or a request to change or do something? Reads the
 * words alone: what the schema can answer is for others to say. */
#include "judge/request.h"

/* When a verb at the head of a sentence is an order, and not the start of a question. */
typedef enum head_rule {
  ALWAYS,        /* "delete …" */
  NOT_DUPLICATE, /* but "drop duplicates" shapes a result */
  NOT_ME,        /* but "update me on …" asks */
  NOT_UP,        /* but "add up …" asks */
  NOT_REPORT,    /* but "create a list of …" asks */
  WITH_TO,       /* "set X to Y" */
  A_PIECE,       /* "write a poem", "tell me a joke"; not "tell me the names" */
  WITH_OBJECT    /* "cancel all orders", "raise prices by 10"; not "cancel rate per month" */
} head_rule;

typedef struct head {
  const char *verb;
  head_rule rule;
} head;

static const head writers[] = {
    {"delete", ALWAYS},        {"erase", ALWAYS},         {"purge", ALWAYS},
    {"wipe", ALWAYS},          {"truncate", ALWAYS},      {"destroy", ALWAYS},
    {"insert", ALWAYS},        {"alter", ALWAYS},         {"overwrite", ALWAYS},
    {"grant", WITH_OBJECT},    {"revoke", ALWAYS},        {"rename", ALWAYS},
    {"attach", ALWAYS},        {"detach", ALWAYS},        {"vacuum", ALWAYS},
    {"modify", ALWAYS},        {"upsert", ALWAYS},        {"deactivate", ALWAYS},
    {"activate", ALWAYS},      {"anonymize", ALWAYS},     {"anonymise", ALWAYS},
    {"drop", NOT_DUPLICATE},   {"remove", NOT_DUPLICATE}, {"update", NOT_ME},
    {"add", NOT_UP},           {"append", ALWAYS},        {"create", NOT_REPORT},
    {"make", WITH_OBJECT},     {"change", WITH_OBJECT},   {"increase", WITH_OBJECT},
    {"decrease", WITH_OBJECT}, {"raise", WITH_OBJECT},    {"lower", WITH_OBJECT},
    {"reduce", WITH_OBJECT},   {"double", WITH_OBJECT},   {"halve", ALWAYS},
    {"set", WITH_TO},          {"reset", WITH_OBJECT},    {"mark", WITH_OBJECT},
    {"cancel", WITH_OBJECT},   {"replace", WITH_OBJECT},  {"move", WITH_OBJECT},
    {"merge", WITH_OBJECT},    {"register", WITH_OBJECT}, {"assign", ALWAYS},
    {"refund", WITH_OBJECT},   {"archive", WITH_OBJECT},  {"clear", WITH_OBJECT},
    {"empty", WITH_OBJECT},    {"promote", WITH_OBJECT},  {"fire", WITH_OBJECT},
    {"store", WITH_OBJECT},    {"save", WITH_OBJECT},     {"import", WITH_OBJECT},
};

/* Orders to do something that is neither: no database answers them. */
static const head doers[] = {
    {"send", ALWAYS},     {"email", WITH_OBJECT},  {"translate", ALWAYS},   {"install", ALWAYS},
    {"download", ALWAYS}, {"execute", ALWAYS},     {"restart", ALWAYS},     {"reboot", ALWAYS},
    {"shutdown", ALWAYS}, {"ignore", WITH_OBJECT}, {"forget", WITH_OBJECT}, {"pretend", ALWAYS},
    {"write", A_PIECE},   {"compose", A_PIECE},    {"tell", A_PIECE},       {"sing", ALWAYS},
    {"hack", ALWAYS},     {"disregard", ALWAYS},   {"remind", ALWAYS},
};

/* ---- looking at words ---- */

static bool is_one_of(str word, const char *list) {
  for (const char *p = list; *p;) {
    size_t n = 0;
    while (p[n] && p[n] != ' ') n++;
    if (str_eq(word, (str){p, n})) return true;
    p += n + (p[n] == ' ');
  }
  return false;
}

static str word_at(const judge_intent *in, size_t i) {
  return i < in->words.len && !in->words.items[i].quoted ? in->words.items[i].lower : STR("");
}

static bool at(const judge_intent *in, size_t i, const char *list) {
  str w = word_at(in, i);
  return w.len && is_one_of(w, list);
}

/* Over "please", "can you", "I want you to", "go ahead and": the first word that counts. */
static size_t skip_politeness(const judge_intent *in) {
  size_t i = 0;
  for (bool moved = true; moved && i < in->words.len;) {
    moved = true;
    if (in->words.items[i].is_punct ||
        at(in, i, "please kindly just now then ok okay hey hi hello so well quickly also first"))
      i++;
    else if (at(in, i, "can could would will") && at(in, i + 1, "you we i"))
      i += 2;
    else if (at(in, i, "i we you") &&
             at(in, i + 1, "want need wish must should have would 'd like"))
      for (i += 2; at(in, i, "like you us me to");) i++;
    else if (at(in, i, "i'd we'd") && at(in, i + 1, "like"))
      for (i += 2; at(in, i, "you to");) i++;
    else if (at(in, i, "go") && at(in, i + 1, "ahead"))
      i += at(in, i + 2, "and") ? 3 : 2;
    else if (at(in, i, "help") && at(in, i + 1, "me us"))
      i += at(in, i + 2, "to") ? 3 : 2;
    else if (at(in, i, "let") && at(in, i + 1, "'s us me"))
      i += 2;
    else if (at(in, i, "how") && at(in, i + 1, "do can could should to"))
      i += at(in, i + 2, "i we you one") ? 3 : 2;
    else if (at(in, i, "try") && at(in, i + 1, "to and"))
      i += 2;
    else
      moved = false;
  }
  return i;
}

static const char determiners[] =
    "the all every each this that these those a an any our my your his her its their them it "
    "everything "
    "everyone anything both";

/* "… by 10", "… to 5", "… as paid": something is to become something else. */
static bool has_target(const judge_intent *in, size_t from) {
  for (size_t i = from; i + 1 < in->words.len; i++)
    if (at(in, i, "by to with") &&
        (in->words.items[i + 1].is_number || in->words.items[i + 1].quoted))
      return true;
    else if (at(in, i, "as") && !at(in, i + 1, "well many much"))
      return true;
  return false;
}

static bool has_word(const judge_intent *in, size_t from, const char *list) {
  for (size_t i = from; i < in->words.len; i++)
    if (at(in, i, list)) return true;
  return false;
}

static bool is_order(const judge_intent *in, size_t i, head_rule rule) {
  switch (rule) {
    case ALWAYS:
      return true;
    case NOT_DUPLICATE:
      return !has_word(in, i + 1, "duplicate duplicates duplicated outliers");
    case NOT_ME:
      return !at(in, i + 1, "me us on");
    case NOT_UP:
      return !at(in, i + 1, "up together");
    case NOT_REPORT:
      for (size_t j = i + 1; j < i + 6; j++)
        if (at(in, j, "list report summary chart ranking overview breakdown comparison histogram"))
          return false;
      return !(has_word(in, i + 1, "showing listing") ||
               (has_word(in, i + 1, "table") && has_word(in, i + 1, "of")));
    case A_PIECE:
      for (size_t j = i + 1; j < i + 5; j++)
        if (at(in, j, "poem joke jokes story song essay letter email haiku code script limerick"))
          return !has_word(in, i + 1, "table column database");
      return false;
    case WITH_TO:
      return has_word(in, i + 1, "to = as");
    case WITH_OBJECT:
      return at(in, i + 1, determiners) || has_target(in, i + 1);
  }
  return false;
}

static const head *find_head(const judge_intent *in, size_t i, const head *heads, size_t n) {
  for (size_t h = 0; h < n; h++)
    if (str_eq(word_at(in, i), str_from(heads[h].verb)))
      return is_order(in, i, heads[h].rule) ? &heads[h] : NULL;
  return NULL;
}

/* "find the inactive ones and delete them" */
static const head *find_second_order(const judge_intent *in, size_t from) {
  for (size_t i = from; i + 2 < in->words.len; i++) {
    bool joint = at(in, i, "and then") || str_eq(in->words.items[i].raw, STR(";")) ||
                 str_eq(in->words.items[i].raw, STR("."));
    size_t verb = i + 1;
    while (at(in, verb, "then also please")) verb++;
    if (!joint || !at(in, verb + 1, "them it those these all the every each table from")) continue;
    const head *h = find_head(in, verb, writers, sizeof writers / sizeof *writers);
    if (h && (h->rule != WITH_OBJECT || at(in, verb + 1, "them it those these"))) return h;
  }
  return NULL;
}

static bool set_reason(judge_intent *in, arena *a, judge_request kind, const char *verb) {
  in->request = kind;
  const char *reason =
      kind == JUDGE_WRITE
          ? arena_printf(a,
                         "This asks to change data (\"%s\"), and emend only reads: nothing was "
                         "run.",
                         verb)
          : arena_printf(a,
                         "This asks to do something (\"%s\") rather than about the data: nothing "
                         "was run.",
                         verb);
  in->reason = str_from(reason);
  return reason != NULL;
}

/* Words that ask and name nothing to ask of. */
static const char asking[] =
    "how many much what which who whom whose when where why is are was were be the a an of do does "
    "did can could you i we please show list give tell find get display me us all every each there "
    "in on for to and or";

bool judge_read_request(judge_intent *in, arena *a) {
  size_t words = 0, naming = 0;
  for (size_t i = 0; i < in->words.len; i++) {
    words += !in->words.items[i].is_punct;
    naming += !in->words.items[i].is_punct && !at(in, i, asking);
  }
  if (!words) {
    in->request = JUDGE_EMPTY;
    in->reason = STR("There is no question here: ask something in words.");
    return true;
  }
  if (!naming) {
    in->request = JUDGE_EMPTY;
    in->reason = STR("The question does not say of what: name what is to be looked for.");
    return true;
  }
  size_t first = skip_politeness(in);
  const head *h = find_head(in, first, writers, sizeof writers / sizeof *writers);
  if (!h) h = find_second_order(in, first);
  if (h) return set_reason(in, a, JUDGE_WRITE, h->verb);
  h = find_head(in, first, doers, sizeof doers / sizeof *doers);
  return !h || set_reason(in, a, JUDGE_OTHER, h->verb);
}
