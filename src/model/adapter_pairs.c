/* Linking pairs, and keeping them beside a checkpoint. See adapter_pairs.h. */
#include "model/adapter_pairs.h"

#include "base/err.h"
#include "base/rng.h"
#include "model/model_parts.h"
#include "nn/ops.h"
#include "nn/tensor_file.h"

static const char STAGE[] = "adapter";

static uint64_t mix_str(uint64_t h, str s) {
  for (size_t i = 0; i < s.len; i++) h = (h ^ (unsigned char)s.ptr[i]) * 1099511628211u;
  return op_mix(h, s.len);
}

uint64_t adapter_pairs_words(const adapter_material *of) {
  uint64_t h = 0;
  for (int kind = 0; kind < ADAPTER_KINDS; kind++) {
    h = op_mix(h, of->n[kind]);
    for (size_t i = 0; i < of->n[kind]; i++)
      h = mix_str(mix_str(h, of->items[kind][i].question), of->items[kind][i].sql);
  }
  return h;
}

static emend_rc add_pair(adapter_pairs *out, const model *m, const model_pair *p, int kind,
                         emend_error *err) {
  arena *a = arena_create((size_t)1 << 28);
  bool *kept = a ? ARENA_ARRAY(a, bool, (size_t)p->cat->n_columns + 1) : NULL;
  const model_options opt = {0};
  reading r = {0};
  example e;
  bool ok = false;
  emend_rc rc = kept ? model_keep_columns(p->cat, p->sql, a, kept, err) : err_nomem(err, STAGE);
  if (rc == EMEND_OK && p->cat->n_columns > 0)
    rc = model_link(m, p->cat, p->question, &opt, kept, a, &r, err);
  if (rc == EMEND_OK && r.q.n > 0) rc = model_answer(p->cat, &r, p->sql, a, &e, &ok, err);
  if (rc == EMEND_OK && ok &&
      dataset_add(out->set, &e, STR("taught"), ORIGIN_TAUGHT, (int)out->n[kind],
                  DATASET_NEVER_HELD_OUT))
    rc = err_nomem(err, STAGE);
  out->n[kind] += ok;
  out->unusable[kind] += !ok;
  arena_destroy(a);
  return rc;
}

emend_rc adapter_pairs_link(const model *m, const adapter_material *of, adapter_pairs *out,
                            emend_error *err) {
  *out = (adapter_pairs){.set = dataset_create()};
  if (!out->set) return err_nomem(err, STAGE);
  for (int kind = 0; kind < ADAPTER_KINDS; kind++)
    for (size_t i = 0; i < of->n[kind]; i++) {
      emend_rc rc = add_pair(out, m, &of->items[kind][i], kind, err);
      if (rc != EMEND_OK) return rc;
    }
  if (out->n[ADAPTER_TAUGHT] == 0)
    return err_set(err, EMEND_EUSAGE, STAGE,
                   "none of %zu pairs holds a query that the network can say",
                   of->n[ADAPTER_TAUGHT]);
  return dataset_view(out->set, &out->data) == EMEND_OK ? EMEND_OK : err_nomem(err, STAGE);
}

emend_rc adapter_pairs_write(const adapter_pairs *p, const char *path, uint64_t *checksum,
                             emend_error *err) {
  tensor_file *f = NULL;
  emend_rc rc = dataset_write(p->set, path, err);
  if (rc == EMEND_OK) rc = tensor_file_open(path, &f, err);
  if (rc == EMEND_OK) *checksum = tensor_file_checksum(f);
  tensor_file_close(f);
  return rc;
}

bool adapter_pairs_read(adapter_pairs *out, const char *path, uint64_t checksum) {
  train_data *d;
  if (train_data_open(path, &d, NULL) != EMEND_OK) return false;
  size_t n = out->n[ADAPTER_TAUGHT] + out->n[ADAPTER_REPLAY];
  bool ok = tensor_file_checksum(d->file) == checksum && d->n == n && out->n[ADAPTER_TAUGHT] > 0;
  for (size_t i = 0; ok && i < n; i++) ok = train_data_usable(d, i);
  if (ok)
    out->data = d;
  else
    train_data_close(d);
  return ok;
}

void adapter_pairs_free(adapter_pairs *p) {
  train_data_close(p->data);
  dataset_free(p->set);
  *p = (adapter_pairs){0};
}
