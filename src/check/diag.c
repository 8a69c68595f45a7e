/* Making and ordering diagnostics from the table in codes.def. */
#include <string.h>

#include "check/context.h"

/* A statement has no more faults than anyone would read, and none is worth a second of checking. */
enum { MAX_DIAGS = 500, MAX_WORK = 20 * 1000 * 1000 };

static const check_code_info infos[] = {
#define CODE(id, code, severity, weight, mend, group, message, hint) \
  {code, DIAG_##severity, weight, mend, #group, message, hint},
#include "check/codes.def"
#undef CODE
};

const check_code_info *check_code_of(check_code c) { return &infos[c]; }

const check_code_info *check_code_named(const char *code) {
  for (size_t i = 0; i < CHECK_N_CODES; i++)
    if (strcmp(infos[i].code, code) == 0) return &infos[i];
  return NULL;
}

/* What a message quotes is cut off there: names come from anywhere. */
enum { LONGEST_PART = 300 };

static str cut(str s) {
  size_t n = LONGEST_PART;
  while (n && ((unsigned char)s.ptr[n] & 0xc0) == 0x80) n--;
  return str_slice(s, 0, n);
}

/** Length of a template with its places filled in, and the text itself where `out` is given. */
static size_t fill(const char *template, const str *args, char *out) {
  size_t n = 0;
  for (const char *p = template; *p; p++) {
    str piece = {p, 1}, rest = {0};
    if (p[0] == '{' && p[1] >= '0' && p[1] <= '2' && p[2] == '}') {
      piece = args[p[1] - '0'];
      p += 2;
    }
    if (piece.len > LONGEST_PART) {
      piece = cut(piece);
      rest = STR("…");
    }
    if (out && piece.len) memcpy(out + n, piece.ptr, piece.len);
    if (out && rest.len) memcpy(out + n + piece.len, rest.ptr, rest.len);
    n += piece.len + rest.len;
  }
  return n;
}

bool check_spend(check_ctx *c, size_t n) {
  c->work += n;
  if (c->work > MAX_WORK) c->failed = true;
  return !c->failed;
}

bool diag_wanted(const check_ctx *c) { return c->diags && c->diags->len < MAX_DIAGS; }

diag *diag_add(check_ctx *c, check_code code, sql_span span, str a0, str a1, str a2) {
  if (!diag_wanted(c)) return NULL;
  const check_code_info *info = &infos[code];
  str args[3] = {a0, a1, a2};
  size_t len = fill(info->message, args, NULL);
  char *text = arena_alloc(c->a, len + 1);
  diag d = {.code = info->code, .severity = info->severity, .weight = info->weight, .span = span};
  if (!text || !vec_push(c->a, c->diags, d)) {
    c->failed = true;
    return NULL;
  }
  fill(info->message, args, text);
  diag *made = &c->diags->items[c->diags->len - 1];
  made->message = (str){text, len};
  made->expected = str_from(info->hint);
  made->safety = strcmp(info->group, "SAFETY") == 0;
  return made;
}

void diag_suggest(check_ctx *c, diag *d, str text, sql_span span, str why, double score) {
  if (!d) return;
  diag_suggestion s = {.text = text, .span = span, .why = why, .score = score};
  if (!text.ptr || !vec_push(c->a, &d->suggestions, s)) {
    c->failed = true;
    return;
  }
  size_t i = d->suggestions.len - 1;
  for (; i > 0 && d->suggestions.items[i - 1].score < score; i--)
    d->suggestions.items[i] = d->suggestions.items[i - 1];
  d->suggestions.items[i] = s;
}

void diag_sort(diag_list *l) {
  for (size_t i = 1; i < l->len; i++) {
    diag d = l->items[i];
    size_t j = i;
    for (; j > 0 && l->items[j - 1].span.from > d.span.from; j--) l->items[j] = l->items[j - 1];
    l->items[j] = d;
  }
}
