/* Functions that an administrator allows beside those that emend knows of each database. */
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "engine/engine.h"

enum { MOST_FUNCTIONS = 1000, LONGEST_FUNCTION = 200 };

static bool is_function_name(str s) {
  if (!s.len || s.len > LONGEST_FUNCTION || s.ptr[0] == '.' || s.ptr[s.len - 1] == '.')
    return false;
  for (size_t i = 0; i < s.len; i++)
    if (!ascii_is_alnum(s.ptr[i]) && s.ptr[i] != '_' && s.ptr[i] != '.' && s.ptr[i] != '$')
      return false;
  return true;
}

/* With the lock held. */
static emend_rc add(emend_engine *e, str name, emend_error *err) {
  for (size_t i = 0; i < e->n_functions; i++)
    if (str_eq_nocase(str_from(e->functions[i]), name)) return EMEND_OK;
  if (e->n_functions == MOST_FUNCTIONS)
    return err_set(err, EMEND_ELIMIT, "open", "more than %d functions are allowed by name",
                   (int)MOST_FUNCTIONS);
  char **list = mem_realloc(e->functions, (e->n_functions + 1) * sizeof *list);
  if (!list) return err_nomem(err, "open");
  e->functions = list;
  char *copy = mem_alloc(name.len + 1);
  if (!copy) return err_nomem(err, "open");
  memcpy(copy, name.ptr, name.len);
  copy[name.len] = 0;
  list[e->n_functions++] = copy;
  return EMEND_OK;
}

EMEND_API emend_rc emend_function_allow(emend_engine *e, const char *name, emend_error *err) {
  str s = str_trim(str_from(name ? name : ""));
  if (!is_function_name(s))
    return err_set(err, EMEND_EUSAGE, "open",
                   "\"%.80s\" is no function's name: write NAME or SCHEMA.NAME", name ? name : "");
  pthread_mutex_lock(&e->lock);
  emend_rc rc = add(e, s, err);
  pthread_mutex_unlock(&e->lock);
  return rc;
}

emend_rc engine_functions(emend_engine *e, arena *a, const str **out, size_t *n, emend_error *err) {
  pthread_mutex_lock(&e->lock);
  str *list = ARENA_ARRAY(a, str, e->n_functions + 1);
  *n = list ? e->n_functions : 0;
  for (size_t i = 0; i < *n; i++) list[i] = arena_str(a, str_from(e->functions[i]));
  pthread_mutex_unlock(&e->lock);
  *out = list;
  return list && !arena_failed(a) ? EMEND_OK : err_nomem(err, "check");
}

void engine_functions_free(emend_engine *e) {
  for (size_t i = 0; i < e->n_functions; i++) mem_free(e->functions[i]);
  mem_free(e->functions);
}
