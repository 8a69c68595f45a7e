/* Adapters in memory and in files. A file is a tensor file whose text says which weights it changes
 * (by their checksum) and at what rank; the factors are floats. See adapter.h. */
#include "model/adapter.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "model/adapter_parts.h"
#include "model/model_parts.h"

static const char STAGE[] = "adapter";
enum { FORMAT = 1 };

const network *model_network(const model *m, const model_options *opt) {
  return opt && opt->adapter ? opt->adapter->net : m->net;
}

emend_rc adapter_read_base(const model *m, weights **out, emend_error *err) {
  emend_rc rc = weights_load(m->path, out, err);
  if (rc != EMEND_OK || (*out)->checksum == network_checksum(m->net)) return rc;
  weights_free(*out);
  *out = NULL;
  return err_set(err, EMEND_EVERSION, STAGE, "%s was replaced since it was loaded; start again",
                 m->path);
}

emend_rc adapter_create(const model *m, lowrank *change, weights *w, model_adapter **out,
                        emend_error *err) {
  model_adapter *ad = mem_alloc(sizeof *ad);
  *out = NULL;
  if (!ad) {
    lowrank_free(change);
    weights_free(w);
    return err_nomem(err, STAGE);
  }
  ad->base = network_checksum(m->net);
  ad->change = *change;
  *change = (lowrank){0};
  snprintf(ad->name, sizeof ad->name, "%s", m->name);
  emend_rc rc = network_create(w, &ad->net, err);
  if (rc != EMEND_OK) {
    model_adapter_free(ad);
    return rc;
  }
  *out = ad;
  return EMEND_OK;
}

void model_adapter_free(model_adapter *ad) {
  if (!ad) return;
  network_free(ad->net);
  lowrank_free(&ad->change);
  mem_free(ad);
}

/* ---- factors as tensors ---- */

bool adapter_name_tensors(const lowrank *change, const char *prefix, const float *block, arena *a,
                          tensor *out) {
  uint64_t rank = (uint64_t)change->rank;
  for (size_t i = 0; i < change->n_parts; i++) {
    const lowrank_part *p = &change->parts[i];
    const char *b = arena_printf(a, "%s%s.b", prefix, p->of.name);
    const char *c = arena_printf(a, "%s%s.a", prefix, p->of.name);
    if (!b || !c) return false;
    out[2 * i] = (tensor){str_from(b), TENSOR_F32, 2, {p->of.rows, rank}, 0, block + p->b, NULL};
    out[2 * i + 1] =
        (tensor){str_from(c), TENSOR_F32, 2, {rank, p->of.columns}, 0, block + p->a, NULL};
  }
  return true;
}

static emend_rc read_tensor(const tensor_file *f, const char *prefix, const weights_tensor *of,
                            const char *factor, size_t n, float *out, emend_error *err) {
  char name[80];
  const void *data;
  snprintf(name, sizeof name, "%s%s.%s", prefix, of->name, factor);
  emend_rc rc = tensor_file_need(f, name, TENSOR_F32, n, &data, NULL, err);
  if (rc != EMEND_OK) return rc;
  memcpy(out, data, n * sizeof *out);
  for (size_t i = 0; i < n; i++)
    if (!isfinite(out[i]))
      return err_set(err, EMEND_EFORMAT, STAGE, "tensor \"%s\" holds what is no number", name);
  return EMEND_OK;
}

emend_rc adapter_read_tensors(const lowrank *change, const char *prefix, const tensor_file *f,
                              float *block, emend_error *err) {
  size_t rank = (size_t)change->rank;
  for (size_t i = 0; i < change->n_parts; i++) {
    const lowrank_part *p = &change->parts[i];
    emend_rc rc = read_tensor(f, prefix, &p->of, "b", p->of.rows * rank, block + p->b, err);
    if (rc == EMEND_OK)
      rc = read_tensor(f, prefix, &p->of, "a", p->of.columns * rank, block + p->a, err);
    if (rc != EMEND_OK) return rc;
  }
  return EMEND_OK;
}

/* ---- files ---- */

static int append(const char *bytes, size_t n, void *out) {
  return buf_add(out, (str){bytes, n}) ? 0 : -1;
}

static bool write_meta(const model_adapter *ad, buf *out) {
  char base[20];
  snprintf(base, sizeof base, "%016" PRIx64, ad->base);
  json_t *meta = json_pack("{s:s,s:i,s:s,s:s,s:i}", "kind", "adapter", "format", FORMAT, "base",
                           base, "model", ad->name, "rank", ad->change.rank);
  bool ok = meta && json_dump_callback(meta, append, out, JSON_COMPACT) == 0 && !out->failed;
  json_decref(meta);
  return ok;
}

emend_rc model_adapter_save(const model_adapter *ad, const char *path, emend_error *err) {
  const lowrank *change = &ad->change;
  arena *a = arena_create(1 << 20);
  tensor *tensors = a ? ARENA_ARRAY(a, tensor, 2 * change->n_parts) : NULL;
  emend_rc rc;
  buf meta;
  buf_init(&meta, 1024);
  if (!tensors || !adapter_name_tensors(change, "", change->block, a, tensors) ||
      !write_meta(ad, &meta))
    rc = err_nomem(err, STAGE);
  else
    rc = tensor_file_write(path, buf_str(&meta), tensors, 2 * change->n_parts, err);
  buf_free(&meta);
  arena_destroy(a);
  return rc;
}

/* The rank that the file has, once it is an adapter of m's weights. */
static emend_rc read_meta(const model *m, const tensor_file *f, int *rank, emend_error *err) {
  json_t *meta = json_loadb(tensor_file_meta(f).ptr, tensor_file_meta(f).len, 0, NULL);
  const char *kind = "", *base = "", *made_for = "other weights";
  char own[20];
  int format = 0;
  emend_rc rc = EMEND_OK;
  snprintf(own, sizeof own, "%016" PRIx64, network_checksum(m->net));
  if (json_unpack(meta, "{s:s,s:i,s:s,s:s,s:i}", "kind", &kind, "format", &format, "base", &base,
                  "model", &made_for, "rank", rank) != 0 ||
      strcmp(kind, "adapter") != 0)
    rc = err_set(err, EMEND_EFORMAT, STAGE, "this is not an adapter");
  else if (format != FORMAT)
    rc = err_set(err, EMEND_EVERSION, STAGE,
                 "the adapter has format %d; this program reads format %d", format, FORMAT);
  else if (*rank < 1 || *rank > LOWRANK_MAX_RANK)
    rc = err_set(err, EMEND_EFORMAT, STAGE, "an adapter of rank %d", *rank);
  else if (strcmp(base, own) != 0)
    rc = err_set(err, EMEND_EVERSION, STAGE,
                 "the adapter was trained on other weights (%.40s) than those in use (%s); "
                 "train it again",
                 made_for, m->name);
  json_decref(meta);
  return rc;
}

emend_rc model_adapter_load(const model *m, const char *path, model_adapter **out,
                            emend_error *err) {
  tensor_file *f = NULL;
  weights *w = NULL;
  lowrank change = {0};
  int rank = 0;
  *out = NULL;
  emend_rc rc = tensor_file_open(path, &f, err);
  if (rc == EMEND_OK) rc = read_meta(m, f, &rank, err);
  if (rc == EMEND_OK) rc = adapter_read_base(m, &w, err);
  if (rc == EMEND_OK && !lowrank_create(w, rank, &change)) rc = err_nomem(err, STAGE);
  if (rc == EMEND_OK) rc = adapter_read_tensors(&change, "", f, change.block, err);
  tensor_file_close(f);
  if (rc != EMEND_OK) {
    lowrank_free(&change);
    weights_free(w);
    return rc;
  }
  lowrank_apply(&change, w->block, w->block);
  return adapter_create(m, &change, w, out, err);
}
