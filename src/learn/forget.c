/* Forgetting in the files of STATE.learn and their records. See forget.h; the rows are store's. */
#define _GNU_SOURCE
#include "learn/forget.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "base/map.h"
#include "learn/dataset.h"
#include "learn/files.h"
#include "learn/round.h"
#include "store/feedback.h"

static const char STAGE[] = "learn";
enum { ALL_BYTES = 1 << 30, FILE_BYTES = 512 << 20, MOST_LOCKS = 256 };

typedef struct forgetting {
  store *s;
  arena *a;
  map *theirs; /* ids of what the person gave */
  char *folder;
  learn_forgotten *out;
} forgetting;

typedef VEC(char *) names;

/* What lies in a folder, hidden things too; nothing where there is none. */
static emend_rc list_folder(const char *path, arena *a, names *out, emend_error *err) {
  *out = (names){0};
  DIR *dir = opendir(path);
  emend_rc rc = EMEND_OK;
  for (struct dirent *e; !rc && dir && (e = readdir(dir));) {
    if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
    char *name = arena_strndup(a, e->d_name, strlen(e->d_name));
    if (!name || !vec_push(a, out, name)) rc = err_nomem(err, STAGE);
  }
  if (dir) closedir(dir);
  return rc;
}

/* ---- whose is it ---- */

static bool is_theirs(const forgetting *x, const learn_pair *p) {
  return p->parent.len && map_has(x->theirs, p->parent);
}

/* A file that cannot be read may hold anything: *any is true for it. */
static emend_rc file_has_theirs(const forgetting *x, const char *path, bool *any) {
  str text;
  learn_pairs pairs = {0};
  emend_error why;
  *any = false;
  emend_rc rc = files_read(path, FILE_BYTES, x->a, &text, &why);
  if (rc == EMEND_ENOTFOUND) return EMEND_OK;
  if (!rc) rc = learn_pairs_read(text, path, x->a, &pairs, &why);
  for (size_t i = 0; i < pairs.len && !*any; i++) *any = is_theirs(x, &pairs.items[i]);
  if (rc) *any = true;
  return rc == EMEND_ENOMEM ? rc : EMEND_OK;
}

static emend_rc folder_has_theirs(const forgetting *x, const char *path, bool *any,
                                  emend_error *err) {
  names files;
  *any = false;
  emend_rc rc = list_folder(path, x->a, &files, err);
  for (size_t i = 0; !rc && i < files.len && !*any; i++) {
    if (!str_ends(str_from(files.items[i]), STR(".jsonl"))) continue;
    char *file = arena_printf(x->a, "%s/%s", path, files.items[i]);
    if (!file || file_has_theirs(x, file, any)) rc = err_nomem(err, STAGE);
  }
  return rc;
}

/* ---- what goes ---- */

static void remove_file(char *path) {
  if (path) unlink(path);
}

/* The versions trained on a data set; one that answers stops answering first. */
static emend_rc drop_models(forgetting *x, str dataset, emend_error *err) {
  store_models all;
  emend_rc rc = store_model_list(x->s, (str){0}, x->a, &all, err);
  for (size_t i = 0; !rc && i < all.len; i++) {
    const store_model *m = &all.items[i];
    str running;
    if (!str_eq(m->dataset_id, dataset)) continue;
    rc = store_promoted(x->s, m->source, x->a, &running, err);
    if (!rc && str_eq(running, m->id))
      rc = store_promote(x->s, m->source, (str){0}, (str){0},
                         STR("what it was trained on was to be forgotten"), err);
    if (rc) break;
    remove_file(learn_model_path(x->s, m->id, x->a));
    rc = store_model_remove(x->s, m->id, err);
    x->out->models++;
  }
  return rc;
}

/* What a training that is not done keeps, in whole files and in one that a crash cut off. */
static emend_rc drop_checkpoint(forgetting *x, const char *id, emend_error *err) {
  names files;
  char *folder = arena_printf(x->a, "%s/models", x->folder);
  char *begin = arena_printf(x->a, "%s.checkpoint", id);
  if (!folder || !begin) return err_nomem(err, STAGE);
  emend_rc rc = list_folder(folder, x->a, &files, err);
  for (size_t i = 0; !rc && i < files.len; i++)
    if (str_starts(str_from(files.items[i]), str_from(begin)))
      remove_file(arena_printf(x->a, "%s/%s", folder, files.items[i]));
  return rc;
}

static emend_rc drop_dataset(forgetting *x, const char *id, const char *path, emend_error *err) {
  emend_rc rc = drop_models(x, str_from(id), err);
  if (!rc) rc = drop_checkpoint(x, id, err);
  if (rc) return rc;
  files_remove_folder(path);
  x->out->datasets += id[0] != '.'; /* what a crash left half written has no record */
  return store_dataset_remove(x->s, str_from(id), err);
}

static emend_rc sweep_datasets(forgetting *x, emend_error *err) {
  names ids;
  char *folder = arena_printf(x->a, "%s/datasets", x->folder);
  emend_rc rc = folder ? list_folder(folder, x->a, &ids, err) : err_nomem(err, STAGE);
  for (size_t i = 0; !rc && i < ids.len; i++) {
    bool any = ids.items[i][0] == '.';
    char *path = arena_printf(x->a, "%s/%s", folder, ids.items[i]);
    if (!path) return err_nomem(err, STAGE);
    if (!any) rc = folder_has_theirs(x, path, &any, err);
    if (!rc && any) rc = drop_dataset(x, ids.items[i], path, err);
  }
  return rc;
}

/* A suite without those pairs; one that cannot be read goes. */
static emend_rc sweep_suite(const forgetting *x, const char *path, emend_error *err) {
  str text;
  learn_pairs pairs = {0};
  emend_error why;
  size_t kept = 0;
  buf b;
  emend_rc rc = files_read(path, FILE_BYTES, x->a, &text, &why);
  if (!rc) rc = learn_pairs_read(text, path, x->a, &pairs, &why);
  if (rc) return unlink(path) ? err_set(err, EMEND_EIO, STAGE, "cannot remove %s", path) : EMEND_OK;
  buf_init(&b, FILE_BYTES);
  for (size_t i = 0; i < pairs.len; i++) {
    if (is_theirs(x, &pairs.items[i])) continue;
    learn_pair_write(&pairs.items[i], &b);
    buf_add_c(&b, '\n');
    kept++;
  }
  if (b.failed)
    rc = err_nomem(err, STAGE);
  else if (kept < pairs.len)
    rc = files_write(path, buf_str(&b), err);
  buf_free(&b);
  return rc;
}

static emend_rc sweep_suites(const forgetting *x, emend_error *err) {
  names files;
  char *folder = arena_printf(x->a, "%s/suites", x->folder);
  emend_rc rc = folder ? list_folder(folder, x->a, &files, err) : err_nomem(err, STAGE);
  for (size_t i = 0; !rc && i < files.len; i++) {
    char *path = arena_printf(x->a, "%s/%s", folder, files.items[i]);
    rc = path ? sweep_suite(x, path, err) : err_nomem(err, STAGE);
  }
  return rc;
}

/* ---- the whole ---- */

static emend_rc find_theirs(forgetting *x, str user, emend_error *err) {
  store_person_ids ids;
  emend_rc rc = store_person_material(x->s, user, x->a, &ids, err);
  for (size_t i = 0; !rc && i < ids.len; i++)
    if (!map_put(x->theirs, ids.items[i], x)) rc = err_nomem(err, STAGE);
  return rc;
}

/* No round goes on meanwhile: it would write down what it read before. */
static emend_rc lock_rounds(const forgetting *x, int *locks, size_t *n, emend_error *err) {
  names files;
  emend_rc rc = list_folder(x->folder, x->a, &files, err);
  for (size_t i = 0; !rc && i < files.len && *n < MOST_LOCKS; i++) {
    if (!str_ends(str_from(files.items[i]), STR(".lock"))) continue;
    char *path = arena_printf(x->a, "%s/%s", x->folder, files.items[i]);
    rc = path ? files_lock(path, &locks[*n], err) : err_nomem(err, STAGE);
    *n += rc == EMEND_OK;
  }
  return rc;
}

emend_rc learn_forget(store *s, str user, learn_forgotten *out, emend_error *err) {
  int locks[MOST_LOCKS];
  size_t n_locks = 0;
  *out = (learn_forgotten){0};
  arena *a = arena_create(ALL_BYTES);
  if (!a) return err_nomem(err, STAGE);
  forgetting x = {s, a, map_create(a, false), store_learn_folder(s, a), out};
  emend_rc rc =
      x.theirs && x.folder ? lock_rounds(&x, locks, &n_locks, err) : err_nomem(err, STAGE);
  if (!rc) rc = find_theirs(&x, user, err);
  if (!rc) rc = sweep_datasets(&x, err);
  if (!rc) rc = sweep_suites(&x, err);
  while (n_locks > 0) close(locks[--n_locks]);
  arena_destroy(a);
  return rc;
}
