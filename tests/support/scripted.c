/* See scripted.h. */
#include "support/scripted.h"

#include <stdio.h>

#include "base/mem.h"

static emend_rc say(void *self, const gen_request *req, arena *a, gen_candidates *out,
                    emend_error *err) {
  script *s = self;
  *out = (gen_candidates){.answerable = s->answerable > 0 ? s->answerable : 1};
  if (s->rounds >= SCRIPT_ROUNDS) return EMEND_OK;
  int r = s->rounds++;
  s->forbidden[r] = req->n_forbidden;
  snprintf(s->failed[r], sizeof s->failed[r], "%.*s", STR_ARG(req->failed));
  if (req->diags && req->diags->len)
    snprintf(s->fault[r], sizeof s->fault[r], "%s", req->diags->items[0].code);
  double share = .5;
  for (int i = 0; i < SCRIPT_CANDIDATES && s->sql[r][i]; i++, share /= 2) {
    gen_candidate c = {.sql = arena_str(a, str_from(s->sql[r][i])),
                       .share = share,
                       .cross_join = i < s->cross_joins};
    if (!vec_push(a, &out->items, c)) return err_nomem(err, "generate");
  }
  return EMEND_OK;
}

generator *scripted_generator(script *s) {
  generator *g = mem_alloc(sizeof *g);
  if (g) *g = (generator){.name = "scripted", .model = "scripted@1", .self = s, .candidates = say};
  return g;
}
