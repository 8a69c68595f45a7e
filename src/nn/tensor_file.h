/* The container of weights, checkpoints, data sets and golden tensors: named arrays
 * behind a JSON text, little endian, with a checksum. Knows nothing of what they mean. */
#ifndef NN_TENSOR_FILE_H
#define NN_TENSOR_FILE_H

#include <emend/emend.h>

#include "base/str.h"

/* The numbers are part of the format. */
typedef enum tensor_dtype {
  TENSOR_F32 = 0,
  TENSOR_I8 = 1, /* one f32 scale a row (dims[0]): value = i8 * scale */
  TENSOR_U8 = 2,
  TENSOR_U16 = 3,
  TENSOR_I32 = 4,
  TENSOR_I64 = 5,
  TENSOR_BF16 = 6,
} tensor_dtype;

enum { TENSOR_MAX_NDIM = 4, TENSOR_MAX_ENTRIES = 4096, TENSOR_MAX_NAME = 255 };

typedef struct tensor {
  str name;
  tensor_dtype dtype;
  int ndim;
  uint64_t dims[TENSOR_MAX_NDIM];
  uint64_t count;      /* product of dims; 1 for ndim 0 */
  const void *data;    /* `count` elements, aligned to 64 bytes when read from a file */
  const float *scales; /* TENSOR_I8 only: dims[0] of them */
} tensor;

typedef struct tensor_file tensor_file;

/**
 * Map a file and check every length in it, and its checksum.
 *
 * Owns:    *out until tensor_file_close; views into it live as long. The file must not be
 *          truncated meanwhile (tensor_file_write replaces by renaming, which is safe).
 * NULL:    `err` may be NULL.
 * Threads: immutable once open; may be shared.
 * Returns: EMEND_ENOTFOUND, EMEND_EIO, EMEND_EFORMAT (damage), EMEND_EVERSION (another
 *          version of the format), EMEND_ENOMEM.
 */
emend_rc tensor_file_open(const char *path, tensor_file **out, emend_error *err);

/** As tensor_file_open, over `n` bytes in memory that outlive *out and are aligned to 8. */
emend_rc tensor_file_parse(const void *bytes, size_t n, tensor_file **out, emend_error *err);

/** NULL is harmless. */
void tensor_file_close(tensor_file *f);

/** The JSON text; not checked to be JSON. */
str tensor_file_meta(const tensor_file *f);
/** Of all of the file: what tells one from another. */
uint64_t tensor_file_checksum(const tensor_file *f);
size_t tensor_file_len(const tensor_file *f);
/** i < tensor_file_len. */
const tensor *tensor_file_at(const tensor_file *f, size_t i);
/** NULL when absent. */
const tensor *tensor_file_find(const tensor_file *f, str name);

/**
 * The data of tensor `name` if it is there with this type and exactly `count` elements.
 * `count` UINT64_MAX takes any; `*n` (may be NULL) receives the number.
 *
 * Returns: EMEND_OK, or EMEND_EFORMAT with the name and what was wrong.
 */
emend_rc tensor_file_need(const tensor_file *f, const char *name, tensor_dtype dtype,
                          uint64_t count, const void **data, uint64_t *n, emend_error *err);

/** Elements of an f32, bf16 or i8 tensor as floats into out[count]; false for other types. */
bool tensor_to_f32(const tensor *t, float *out);

/**
 * Quantise rows to i8: scale = max|row| / 127, values rounded to nearest.
 * x [rows, cols] → q [rows, cols], scales [rows].
 */
void tensor_quantise(const float *x, size_t rows, size_t cols, int8_t *q, float *scales);

/**
 * Write `n` tensors atomically: a temporary file beside `path`, flushed to disk, renamed.
 * Only name, dtype, ndim, dims, data and scales of each are read; `count` is recomputed.
 *
 * Returns: EMEND_OK, EMEND_EUSAGE (a tensor or name that the format cannot hold), EMEND_EIO.
 */
emend_rc tensor_file_write(const char *path, str meta, const tensor *tensors, size_t n,
                           emend_error *err);

#endif
