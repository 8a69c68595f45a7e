/* Writing and reading versions of data sets. See dataset.h. */
#include "learn/dataset.h"

#include <jansson.h>
#include <string.h>

#include "base/clock.h"
#include "base/jw.h"
#include "base/sha256.h"
#include "learn/files.h"

static const char STAGE[] = "learn";
enum { FILE_BYTES = 512 << 20, MANIFEST_BYTES = 1 << 20, PATHS = 1 << 16 };
static const char *const file_names[] = {"train.jsonl", "reserved.jsonl"};
enum { TRAIN, RESERVED, N_FILES };

/* ---- one pair ---- */

void learn_pair_write(const learn_pair *p, buf *b) {
  jw w;
  jw_begin(&w, b);
  jw_object(&w, NULL);
  jw_text(&w, "origin", learn_origin_name(p->origin));
  if (p->parent.len) jw_str(&w, "parent", p->parent);
  jw_str(&w, "question", p->question);
  jw_str(&w, "sql", p->sql);
  if (p->wrong_sql.len) jw_str(&w, "wrong_sql", p->wrong_sql);
  if (p->shape[0]) jw_text(&w, "shape", p->shape);
  if (p->at.len) jw_str(&w, "at", p->at);
  jw_object_end(&w);
}

static str member(json_t *o, const char *key, arena *a) {
  json_t *v = json_object_get(o, key);
  return json_is_string(v) ? arena_str(a, (str){json_string_value(v), json_string_length(v)})
                           : (str){0};
}

emend_rc learn_pair_read(str line, arena *a, learn_pair *out, emend_error *err) {
  json_error_t why;
  *out = (learn_pair){0};
  json_t *o = json_loadb(line.ptr, line.len, JSON_REJECT_DUPLICATES, &why);
  if (!json_is_object(o)) {
    json_decref(o);
    return err_set(err, EMEND_EFORMAT, STAGE, "not a JSON object: %.80s", why.text);
  }
  out->question = member(o, "question", a);
  out->sql = member(o, "sql", a);
  out->wrong_sql = member(o, "wrong_sql", a);
  out->parent = member(o, "parent", a);
  out->at = member(o, "at", a);
  str origin = member(o, "origin", a), shape = member(o, "shape", a);
  if (shape.len == 16) memcpy(out->shape, shape.ptr, 16);
  bool known = learn_origin_find(origin, &out->origin);
  json_decref(o);
  if (arena_failed(a)) return err_nomem(err, STAGE);
  return out->question.len && out->sql.len && known
             ? EMEND_OK
             : err_set(err, EMEND_EFORMAT, STAGE, "it lacks origin, question or sql");
}

emend_rc learn_pairs_read(str text, const char *what, arena *a, learn_pairs *out,
                          emend_error *err) {
  *out = (learn_pairs){0};
  size_t number = 0;
  for (size_t from = 0; from < text.len;) {
    size_t to = str_find(text, STR("\n"), from);
    if (to == SIZE_MAX) to = text.len;
    str line = str_trim(str_slice(text, from, to));
    learn_pair p;
    emend_error why;
    from = to + 1;
    number++;
    if (line.len == 0) continue;
    emend_rc rc = learn_pair_read(line, a, &p, &why);
    if (rc == EMEND_EFORMAT)
      return err_set(err, rc, STAGE, "%s, line %zu: %.200s", what, number, why.msg);
    if (rc || !vec_push(a, out, p)) return err_nomem(err, STAGE);
  }
  return EMEND_OK;
}

/* ---- writing a version ---- */

typedef struct file_text {
  buf text;
  size_t lines;
  char hash[SHA256_HEX];
} file_text;

static bool write_lines(const learn_pairs *pairs, file_text files[N_FILES]) {
  for (int f = 0; f < N_FILES; f++) buf_init(&files[f].text, FILE_BYTES);
  for (size_t i = 0; i < pairs->len; i++) {
    const learn_pair *p = &pairs->items[i];
    file_text *f = &files[p->reserved ? RESERVED : TRAIN];
    learn_pair_write(p, &f->text);
    buf_add_c(&f->text, '\n');
    f->lines++;
  }
  bool ok = true;
  for (int f = 0; f < N_FILES; f++) {
    sha256_hex(buf_str(&files[f].text), files[f].hash);
    ok = ok && !files[f].text.failed;
  }
  return ok;
}

static void write_counts(jw *w, const char *key, const char *(*name)(int), const size_t *counts,
                         int n) {
  jw_object(w, key);
  for (int i = 0; i < n; i++)
    if (counts[i]) jw_int(w, name(i), (int64_t)counts[i]);
  jw_object_end(w);
}

static const char *origin_at(int i) { return learn_origin_name((learn_origin)i); }
static const char *fault_at(int i) { return learn_fault_name((learn_fault)i); }

static void write_manifest(buf *b, const char *id, const char *now, const learn_about *about,
                           const file_text files[N_FILES], const learn_cleaning *report) {
  jw w;
  jw_begin(&w, b);
  jw_object(&w, NULL);
  jw_int(&w, "format", 1);
  jw_text(&w, "id", id);
  jw_text(&w, "source", about->name);
  jw_text(&w, "made_at", now);
  jw_text(&w, "schema_version", about->cat->version);
  jw_text(&w, "dialect", sql_dialect_name(about->cat->dialect));
  jw_int(&w, "train", (int64_t)files[TRAIN].lines);
  jw_int(&w, "reserved", (int64_t)files[RESERVED].lines);
  write_counts(&w, "kept", origin_at, report->kept, LEARN_N_ORIGINS);
  write_counts(&w, "left_out", fault_at, report->left_out, LEARN_N_FAULTS);
  jw_array(&w, "files");
  for (int f = 0; f < N_FILES; f++) {
    jw_object(&w, NULL);
    jw_text(&w, "name", file_names[f]);
    jw_int(&w, "lines", (int64_t)files[f].lines);
    jw_int(&w, "bytes", (int64_t)files[f].text.len);
    jw_text(&w, "sha256", files[f].hash);
    jw_object_end(&w);
  }
  jw_array_end(&w);
  jw_object_end(&w);
}

/* All files into a folder of their own that gets its name at the end. */
static emend_rc write_folder(const char *folder, const char *id, const file_text files[N_FILES],
                             str manifest, arena *a, emend_error *err) {
  char *begun = arena_printf(a, "%s/datasets/.new-%s", folder, id);
  char *whole = arena_printf(a, "%s/datasets/%s", folder, id);
  char *text = begun ? arena_printf(a, "%s/manifest.json", begun) : NULL;
  if (!whole || !text) return err_nomem(err, STAGE);
  emend_rc rc = files_make_folder(begun, err);
  for (int f = 0; !rc && f < N_FILES; f++) {
    char *path = arena_printf(a, "%s/%s", begun, file_names[f]);
    rc = path ? files_write(path, buf_str(&files[f].text), err) : err_nomem(err, STAGE);
  }
  if (!rc) rc = files_write(text, manifest, err);
  if (!rc) rc = files_rename(begun, whole, err);
  if (rc) files_remove_folder(begun);
  return rc;
}

emend_rc learn_dataset_write(store *s, const learn_about *about, const learn_pairs *pairs,
                             const learn_cleaning *report, char id[STORE_ID_MAX],
                             emend_error *err) {
  char now[32], hash[SHA256_HEX];
  file_text files[N_FILES] = {0};
  buf manifest;
  arena *a = arena_create(PATHS);
  char *folder = a ? store_learn_folder(s, a) : NULL;
  store_new_id("ds_", id);
  clock_iso(clock_now(), now);
  buf_init(&manifest, MANIFEST_BYTES);
  emend_rc rc = folder && write_lines(pairs, files) ? EMEND_OK : err_nomem(err, STAGE);
  if (!rc) {
    write_manifest(&manifest, id, now, about, files, report);
    if (manifest.failed) rc = err_nomem(err, STAGE);
  }
  if (!rc) rc = write_folder(folder, id, files, buf_str(&manifest), a, err);
  if (!rc) {
    sha256_hex(buf_str(&manifest), hash);
    store_dataset d = {str_from(id), str_from(about->name), str_from(now), str_from(hash),
                       buf_str(&manifest)};
    rc = store_dataset_add(s, &d, err);
  }
  for (int f = 0; f < N_FILES; f++) buf_free(&files[f].text);
  buf_free(&manifest);
  arena_destroy(a);
  return rc;
}

/* ---- reading one ---- */

static emend_rc find_record(store *s, str about, str id, arena *a, store_dataset *out,
                            emend_error *err) {
  store_datasets all;
  emend_rc rc = store_dataset_list(s, about, a, &all, err);
  if (rc) return rc;
  for (size_t i = 0; i < all.len; i++)
    if (id.len == 0 || str_eq(all.items[i].id, id)) {
      *out = all.items[i];
      return EMEND_OK;
    }
  if (id.len)
    return err_set(err, EMEND_ENOTFOUND, STAGE, "there is no data set \"%.*s\"", STR_ARG(id));
  return err_set(err, EMEND_ENOTFOUND, STAGE,
                 "\"%.*s\" has no data set yet; make one with: emend learn dataset",
                 STR_ARG(about));
}

/* The file's text, as the manifest says that it was written. */
static emend_rc read_file(const char *folder, json_t *entry, arena *a, str *text,
                          emend_error *err) {
  const char *name = json_string_value(json_object_get(entry, "name"));
  const char *claimed = json_string_value(json_object_get(entry, "sha256"));
  char hash[SHA256_HEX];
  if (!name || !claimed || strchr(name, '/'))
    return err_set(err, EMEND_EFORMAT, STAGE, "the manifest of %s is damaged", folder);
  char *path = arena_printf(a, "%s/%s", folder, name);
  if (!path) return err_nomem(err, STAGE);
  emend_rc rc = files_read(path, FILE_BYTES, a, text, err);
  if (rc) return rc;
  sha256_hex(*text, hash);
  if (strcmp(hash, claimed) == 0) return EMEND_OK;
  return err_set(err, EMEND_EFORMAT, STAGE,
                 "%s is not as it was written; make the data set anew with: emend learn dataset",
                 path);
}

static emend_rc read_files(const char *folder, json_t *manifest, arena *a, learn_dataset *out,
                           emend_error *err) {
  json_t *files = json_object_get(manifest, "files");
  if (json_array_size(files) != N_FILES)
    return err_set(err, EMEND_EFORMAT, STAGE, "the manifest of %s is damaged", folder);
  for (int f = 0; f < N_FILES; f++) {
    str text;
    learn_pairs *into = f == TRAIN ? &out->train : &out->reserved;
    emend_rc rc = read_file(folder, json_array_get(files, (size_t)f), a, &text, err);
    if (!rc) rc = learn_pairs_read(text, file_names[f], a, into, err);
    if (rc) return rc;
    for (size_t i = 0; i < into->len; i++) into->items[i].reserved = f == RESERVED;
  }
  return EMEND_OK;
}

emend_rc learn_dataset_read(store *s, str about, str id, arena *a, learn_dataset *out,
                            emend_error *err) {
  store_dataset d = {0};
  json_error_t why;
  *out = (learn_dataset){0};
  emend_rc rc = find_record(s, about, id, a, &d, err);
  if (rc) return rc;
  char *root = store_learn_folder(s, a);
  char *folder = root ? arena_printf(a, "%s/datasets/%.*s", root, STR_ARG(d.id)) : NULL;
  if (!folder) return err_nomem(err, STAGE);
  json_t *manifest = json_loadb(d.manifest.ptr, d.manifest.len, 0, &why);
  *out = (learn_dataset){.id = d.id,
                         .source = d.source,
                         .made_at = d.made_at,
                         .hash = d.hash,
                         .schema_version = member(manifest, "schema_version", a)};
  rc = read_files(folder, manifest, a, out, err);
  json_decref(manifest);
  return rc;
}
