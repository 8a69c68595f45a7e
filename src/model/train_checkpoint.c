/* Saving a run and continuing it; exporting what it learnt. See train.h.
 *
 * A checkpoint is a tensor file: weights under their names, AdamW's moments and the averages under
 * "m.", "v." and "ema." before them; its text adds the options and the place in the data to what
 * the text of shipped weights holds. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "model/train_state.h"

static const char STAGE[] = "checkpoint";

/* ---- options as JSON ---- */

/* Every number that a run is made with; sources apart. */
#define REALS(X) \
  X(rate)        \
  X(warm_up)     \
  X(decay) X(clip) X(average) X(dropout) X(word_dropout) X(smoothing) X(used_weight) X(role_weight)
#define INTEGERS(X)                                                                             \
  X(fold)                                                                                       \
  X(steps)                                                                                      \
  X(batch_nodes) X(threads) X(seed) X(min_count) X(fixed_words) X(width) X(heads) X(enc) X(dec) \
      X(ff)

static json_t *options_json(const train_options *o) {
  json_t *out = json_object();
#define PUT(field) json_object_set_new(out, #field, json_real(o->field));
  REALS(PUT)
#undef PUT
#define PUT(field) json_object_set_new(out, #field, json_integer((json_int_t)o->field));
  INTEGERS(PUT)
#undef PUT
  return out;
}

static bool read_options(const json_t *json, train_options *o) {
  bool ok = true;
#define GET(field)                                          \
  ok = ok && json_is_number(json_object_get(json, #field)); \
  o->field = json_number_value(json_object_get(json, #field));
  REALS(GET)
#undef GET
#define GET(field)                                           \
  ok = ok && json_is_integer(json_object_get(json, #field)); \
  o->field = (__typeof__(o->field))json_integer_value(json_object_get(json, #field));
  INTEGERS(GET)
#undef GET
  return ok;
}

/* ---- the place in the data ---- */

static json_t *source_json(const source *s) {
  return json_pack("{s:s%,s:f,s:f,s:f,s:I,s:I,s:I}", "path", s->path.ptr, s->path.len, "weight",
                   s->weight, "from", s->from, "to", s->to, "examples", (json_int_t)s->n, "at",
                   (json_int_t)s->at, "epoch", (json_int_t)s->epoch);
}

static json_t *sources_json(const trainer *t) {
  json_t *list = json_array();
  for (size_t i = 0; i < t->n_sources; i++)
    json_array_append_new(list, source_json(&t->sources[i]));
  return list;
}

static bool read_source(json_t *json, train_source *s) {
  return json_unpack(json, "{s:s,s:F,s:F,s:F}", "path", &s->path, "weight", &s->weight, "from",
                     &s->from, "to", &s->to) == 0;
}

/* Puts a source back where it was. */
static bool restore_source(const trainer *t, json_t *json, source *s) {
  json_int_t n = 0, at = 0, epoch = 0;
  if (json_unpack(json, "{s:I,s:I,s:I}", "examples", &n, "at", &at, "epoch", &epoch) != 0 ||
      n != (json_int_t)s->n || at < 0 || at > n || epoch < 0)
    return false;
  s->at = (size_t)at;
  s->epoch = (uint64_t)epoch;
  sample_shuffle(t, s);
  return true;
}

/* ---- saving ---- */

static int append(const char *bytes, size_t n, void *out) {
  return buf_add(out, (str){bytes, n}) ? 0 : -1;
}

static bool checkpoint_meta(const trainer *t, buf *out) {
  buf plain;
  buf_init(&plain, 64 << 20);
  json_t *meta = weights_meta(t->w, &plain) ? json_loadb(plain.ptr, plain.len, 0, NULL) : NULL;
  json_object_set_new(meta, "kind", json_string("checkpoint"));
  json_object_set_new(meta, "options", options_json(&t->opt));
  json_object_set_new(meta, "sources", sources_json(t));
  json_object_set_new(meta, "done", json_integer(t->done));
  bool ok = meta && json_dump_callback(meta, append, out, JSON_COMPACT) == 0 && !out->failed;
  json_decref(meta);
  buf_free(&plain);
  return ok;
}

static void name_tensors(const trainer *t, const char *prefix, const float *block,
                         char (*names)[32], tensor *out) {
  for (size_t i = 0; i < t->w->n_tensors; i++) {
    const weights_tensor *from = &t->w->tensors[i];
    snprintf(names[i], sizeof names[i], "%s%s", prefix, from->name);
    out[i] = (tensor){str_from(names[i]),   TENSOR_F32, from->ndim, {from->rows, from->columns}, 0,
                      block + from->offset, NULL};
  }
}

emend_rc trainer_checkpoint(const trainer *t, const char *path, emend_error *err) {
  static const char *const prefixes[] = {"", "m.", "v.", "ema."};
  const float *blocks[] = {t->w->block, t->m, t->v, t->average};
  size_t n = t->w->n_tensors;
  tensor *tensors = mem_alloc(4 * n * sizeof *tensors);
  char(*names)[32] = mem_alloc(4 * n * sizeof *names);
  buf meta;
  emend_rc rc = EMEND_OK;
  buf_init(&meta, 64 << 20);
  if (!tensors || !names || !checkpoint_meta(t, &meta)) rc = err_nomem(err, STAGE);
  for (size_t i = 0; rc == EMEND_OK && i < 4; i++)
    name_tensors(t, prefixes[i], blocks[i], names + i * n, tensors + i * n);
  if (rc == EMEND_OK) rc = tensor_file_write(path, buf_str(&meta), tensors, 4 * n, err);
  buf_free(&meta);
  mem_free(names);
  mem_free(tensors);
  return rc;
}

/* ---- continuing ---- */

static emend_rc damaged(emend_error *err) {
  return err_set(err, EMEND_EFORMAT, STAGE, "the checkpoint is damaged");
}

static emend_rc open_run(json_t *meta, int threads, trainer **out, emend_error *err) {
  train_source sources[TRAIN_MAX_SOURCES];
  train_options opt = train_defaults();
  json_t *list = json_object_get(meta, "sources");
  opt.sources = sources;
  opt.n_sources = json_array_size(list);
  if (opt.n_sources > TRAIN_MAX_SOURCES || !read_options(json_object_get(meta, "options"), &opt))
    return damaged(err);
  for (size_t i = 0; i < opt.n_sources; i++)
    if (!read_source(json_array_get(list, i), &sources[i])) return damaged(err);
  if (threads > 0) opt.threads = threads;
  return trainer_open(&opt, out, err);
}

static emend_rc restore(trainer *t, const tensor_file *f, json_t *meta, emend_error *err) {
  struct {
    const char *prefix;
    float *block;
  } parts[] = {{"m.", t->m}, {"v.", t->v}, {"ema.", t->average}};
  for (size_t i = 0; i < 3; i++) {
    emend_rc rc = weights_read_block(t->w, f, parts[i].prefix, parts[i].block, err);
    if (rc != EMEND_OK) return rc;
  }
  json_t *list = json_object_get(meta, "sources");
  for (size_t i = 0; i < t->n_sources; i++)
    if (!restore_source(t, json_array_get(list, i), &t->sources[i]))
      return err_set(err, EMEND_EUSAGE, STAGE, "%s is not the data set that this run began with",
                     t->sources[i].path.ptr);
  json_int_t done = json_integer_value(json_object_get(meta, "done"));
  if (done < 0 || done > t->opt.steps) return damaged(err);
  t->done = (long)done;
  return EMEND_OK;
}

emend_rc trainer_resume(const char *checkpoint, int threads, trainer **out, emend_error *err) {
  trainer *t = NULL;
  tensor_file *f = NULL;
  json_t *meta = NULL;
  *out = NULL;
  emend_rc rc = tensor_file_open(checkpoint, &f, err);
  if (rc != EMEND_OK) return rc;
  meta = json_loadb(tensor_file_meta(f).ptr, tensor_file_meta(f).len, 0, NULL);
  const char *kind = json_string_value(json_object_get(meta, "kind"));
  if (!kind || strcmp(kind, "checkpoint") != 0)
    rc = err_set(err, EMEND_EFORMAT, STAGE, "%s is not a checkpoint", checkpoint);
  if (rc == EMEND_OK) rc = open_run(meta, threads, &t, err);
  if (rc == EMEND_OK) rc = weights_read(f, tensor_file_meta(f), "", &t->w, err);
  if (rc == EMEND_OK) rc = trainer_prepare(t, err);
  if (rc == EMEND_OK) rc = restore(t, f, meta, err);
  json_decref(meta);
  tensor_file_close(f);
  if (rc != EMEND_OK) {
    trainer_free(t);
    return rc;
  }
  *out = t;
  return EMEND_OK;
}

/* ---- exporting ---- */

static str file_name(str path) {
  for (size_t i = path.len; i > 0; i--)
    if (path.ptr[i - 1] == '/') return str_slice(path, i, path.len);
  return path;
}

/* How the weights came to be, without the folders of this machine. */
static bool describe(trainer *t) {
  json_t *data = json_array();
  for (size_t i = 0; i < t->n_sources; i++) {
    str name = file_name(t->sources[i].path);
    json_array_append_new(data, json_stringn(name.ptr, name.len));
  }
  json_t *json = json_pack("{s:s,s:I,s:I,s:i,s:I,s:o}", "trainer", "emend-train", "steps",
                           (json_int_t)t->done, "seed", (json_int_t)t->opt.seed, "fold",
                           t->opt.fold, "examples", (json_int_t)trainer_examples(t), "data", data);
  buf text;
  buf_init(&text, 1 << 20);
  bool ok = json && json_dump_callback(json, append, &text, JSON_COMPACT) == 0;
  if (ok) t->w->training = arena_str(t->w->mem, buf_str(&text));
  json_decref(json);
  buf_free(&text);
  return ok && t->w->training.ptr;
}

emend_rc trainer_export(trainer *t, const char *name, const char *path, emend_error *err) {
  t->w->name = arena_str(t->w->mem, str_from(name));
  if (!t->w->name.ptr || !describe(t)) return err_nomem(err, STAGE);
  return weights_export(t->w, t->average, path, err);
}
