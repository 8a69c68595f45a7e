/* Reading and writing the tensor container. Reading trusts no length; writing is atomic.
 *
 *   0  8  magic "EMENDTF1"          8  u32 version    12  u32 n_entries
 *  16  u64 meta_len                24  meta
 *      n_entries x { u16 name_len, name, u8 dtype, u8 ndim, u64 dims[ndim], u64 offset,
 *                  u64 nbytes }
 *      zeros to a multiple of 64, then the data; offsets count from here, multiples of 64
 *      last 8 bytes: FNV-1a over all before, taken as 64-bit words, zero-padded */
#define _GNU_SOURCE
#include "nn/tensor_file.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensor files are read in place");

enum { VERSION = 1, FIXED_HEADER = 24, DATA_ALIGN = 64, MAX_META = 64 << 20 };
static const char MAGIC[8] = {'E', 'M', 'E', 'N', 'D', 'T', 'F', '1'};
static const char STAGE[] = "tensor file";

struct tensor_file {
  void *map; /* NULL when over the caller's bytes */
  size_t map_len;
  uint64_t checksum;
  str meta;
  size_t n;
  tensor entries[];
};

/* ---- sizes ---- */

static size_t element_size(tensor_dtype t) {
  switch (t) {
    case TENSOR_I8:
    case TENSOR_U8:
      return 1;
    case TENSOR_U16:
    case TENSOR_BF16:
      return 2;
    case TENSOR_F32:
    case TENSOR_I32:
      return 4;
    case TENSOR_I64:
      return 8;
  }
  return 0;
}

static uint64_t align_up(uint64_t x, uint64_t to) { return (x + to - 1) / to * to; }

/* Fills t->count and *nbytes from dtype and dims; false when they overflow or make no sense. */
static bool measure(tensor *t, uint64_t *nbytes) {
  const uint64_t limit = (uint64_t)1 << 48;
  if (element_size(t->dtype) == 0 || t->ndim < 0 || t->ndim > TENSOR_MAX_NDIM) return false;
  if (t->dtype == TENSOR_I8 && t->ndim == 0) return false;
  t->count = 1;
  for (int i = 0; i < t->ndim; i++) {
    if (t->dims[i] > limit || (t->dims[i] && t->count > limit / t->dims[i])) return false;
    t->count *= t->dims[i];
  }
  *nbytes = t->count * element_size(t->dtype);
  if (t->dtype == TENSOR_I8) *nbytes = align_up(*nbytes, 4) + t->dims[0] * sizeof(float);
  return true;
}

/* ---- reading ---- */

typedef struct cursor {
  const unsigned char *p;
  size_t len, at;
} cursor;

static bool take(cursor *c, void *out, size_t n) {
  if (c->len - c->at < n) return false;
  memcpy(out, c->p + c->at, n);
  c->at += n;
  return true;
}

static uint64_t checksum_words(uint64_t h, const unsigned char *p, size_t n) {
  for (; n >= 8; p += 8, n -= 8) {
    uint64_t w;
    memcpy(&w, p, 8);
    h = (h ^ w) * 1099511628211u;
  }
  if (n) {
    uint64_t w = 0;
    memcpy(&w, p, n);
    h = (h ^ w) * 1099511628211u;
  }
  return h;
}

static const uint64_t CHECKSUM_START = 14695981039346656037u;

static emend_rc damaged(emend_error *err, size_t at, const char *what) {
  return err_set_at(err, EMEND_EFORMAT, STAGE, (int64_t)at, "damaged file: %s", what);
}

/* Reads one entry's description; its data pointer is set once the data's start is known. */
static const char *read_entry(cursor *c, tensor *t, uint64_t *offset, uint64_t *nbytes) {
  uint16_t name_len;
  uint8_t dtype, ndim;
  if (!take(c, &name_len, 2) || name_len > TENSOR_MAX_NAME || c->len - c->at < name_len)
    return "a tensor's name passes the end";
  t->name = (str){(const char *)c->p + c->at, name_len};
  c->at += name_len;
  if (!take(c, &dtype, 1) || !take(c, &ndim, 1)) return "a tensor's description is cut off";
  if (dtype > TENSOR_BF16 || ndim > TENSOR_MAX_NDIM) return "unknown tensor type or shape";
  t->dtype = (tensor_dtype)dtype;
  t->ndim = ndim;
  if (!take(c, t->dims, ndim * sizeof *t->dims) || !take(c, offset, 8) || !take(c, nbytes, 8))
    return "a tensor's description is cut off";
  uint64_t want;
  if (!measure(t, &want) || want != *nbytes) return "a tensor's size does not follow its shape";
  if (*offset % DATA_ALIGN) return "a tensor is not aligned";
  return NULL;
}

static void place(tensor *t, const unsigned char *data) {
  t->data = data;
  if (t->dtype == TENSOR_I8)
    t->scales = (const float *)(const void *)(data + align_up(t->count, 4));
}

/* The entries' descriptions twice: first to find where the data starts, then to place them. */
static const char *read_entries(tensor_file *f, cursor c, size_t end) {
  uint64_t offset = 0, nbytes = 0;
  cursor scan = c;
  for (size_t i = 0; i < f->n; i++) {
    const char *bad = read_entry(&scan, &f->entries[i], &offset, &nbytes);
    if (bad) return bad;
  }
  uint64_t start = align_up(scan.at, DATA_ALIGN);
  if (start > end) return "the data is missing";
  for (size_t i = 0; i < f->n; i++) {
    const char *bad = read_entry(&c, &f->entries[i], &offset, &nbytes);
    if (bad) return bad;
    if (nbytes > end - start || offset > end - start - nbytes)
      return "a tensor passes the end of the file";
    place(&f->entries[i], c.p + start + offset);
  }
  return NULL;
}

emend_rc tensor_file_parse(const void *bytes, size_t n, tensor_file **out, emend_error *err) {
  *out = NULL;
  cursor c = {bytes, n, 0};
  char magic[8];
  uint32_t version, n_entries;
  uint64_t meta_len, sum;
  if (!take(&c, magic, 8) || memcmp(magic, MAGIC, 8) != 0)
    return err_set_at(err, EMEND_EFORMAT, STAGE, 0, "this is not a tensor file");
  if (!take(&c, &version, 4)) return damaged(err, n, "the header is cut off");
  if (version != VERSION)
    return err_set_at(err, EMEND_EVERSION, STAGE, 8,
                      "the file has format version %u; this program reads version %d", version,
                      VERSION);
  if (!take(&c, &n_entries, 4) || !take(&c, &meta_len, 8) || n < FIXED_HEADER + sizeof sum)
    return damaged(err, n, "the header is cut off");
  size_t end = n - sizeof sum;
  c.len = end;
  if (meta_len > MAX_META || meta_len > end - c.at)
    return damaged(err, c.at, "the text is cut off");
  if (n_entries > TENSOR_MAX_ENTRIES) return damaged(err, 12, "too many tensors");
  memcpy(&sum, c.p + end, sizeof sum);
  if (checksum_words(CHECKSUM_START, c.p, end) != sum)
    return damaged(err, end, "the checksum differs");

  tensor_file *f = mem_alloc(sizeof *f + n_entries * sizeof *f->entries);
  if (!f) return err_nomem(err, STAGE);
  f->meta = (str){(const char *)c.p + c.at, (size_t)meta_len};
  f->n = n_entries;
  f->checksum = sum;
  c.at += (size_t)meta_len;
  const char *bad = read_entries(f, c, end);
  if (bad) {
    mem_free(f);
    return damaged(err, c.at, bad);
  }
  *out = f;
  return EMEND_OK;
}

emend_rc tensor_file_open(const char *path, tensor_file **out, emend_error *err) {
  *out = NULL;
  emend_rc rc = EMEND_OK;
  void *map = MAP_FAILED;
  size_t len = 0;
  struct stat st;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return err_set(err, errno == ENOENT ? EMEND_ENOTFOUND : EMEND_EIO, STAGE, "%s: %s", path,
                   strerror(errno));
  if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
    rc = err_set(err, EMEND_EIO, STAGE, "%s: not a regular file", path);
    goto out;
  }
  len = (size_t)st.st_size;
  if (len < FIXED_HEADER + 8) {
    rc = err_set(err, EMEND_EFORMAT, STAGE, "%s: this is not a tensor file", path);
    goto out;
  }
  map = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
  if (map == MAP_FAILED) {
    rc = err_set(err, EMEND_EIO, STAGE, "%s: %s", path, strerror(errno));
    goto out;
  }
  rc = tensor_file_parse(map, len, out, err);
  if (rc == EMEND_OK) {
    (*out)->map = map;
    (*out)->map_len = len;
    map = MAP_FAILED;
  }

out:
  if (map != MAP_FAILED) munmap(map, len);
  close(fd);
  return rc;
}

void tensor_file_close(tensor_file *f) {
  if (!f) return;
  if (f->map) munmap(f->map, f->map_len);
  mem_free(f);
}

str tensor_file_meta(const tensor_file *f) { return f->meta; }
uint64_t tensor_file_checksum(const tensor_file *f) { return f->checksum; }
size_t tensor_file_len(const tensor_file *f) { return f->n; }
const tensor *tensor_file_at(const tensor_file *f, size_t i) { return &f->entries[i]; }

const tensor *tensor_file_find(const tensor_file *f, str name) {
  for (size_t i = 0; i < f->n; i++)
    if (str_eq(f->entries[i].name, name)) return &f->entries[i];
  return NULL;
}

emend_rc tensor_file_need(const tensor_file *f, const char *name, tensor_dtype dtype,
                          uint64_t count, const void **data, uint64_t *n, emend_error *err) {
  const tensor *t = tensor_file_find(f, str_from(name));
  if (!t) return err_set(err, EMEND_EFORMAT, STAGE, "tensor \"%s\" is missing", name);
  if (t->dtype != dtype)
    return err_set(err, EMEND_EFORMAT, STAGE, "tensor \"%s\" has type %d, not %d", name,
                   (int)t->dtype, (int)dtype);
  if (count != UINT64_MAX && t->count != count)
    return err_set(err, EMEND_EFORMAT, STAGE, "tensor \"%s\" has %llu elements, not %llu", name,
                   (unsigned long long)t->count, (unsigned long long)count);
  *data = t->data;
  if (n) *n = t->count;
  return EMEND_OK;
}

/* ---- values ---- */

static float bf16_to_f32(uint16_t b) {
  uint32_t bits = (uint32_t)b << 16;
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

bool tensor_to_f32(const tensor *t, float *out) {
  if (t->dtype == TENSOR_F32) {
    if (t->count) memcpy(out, t->data, t->count * sizeof *out);
    return true;
  }
  if (t->dtype == TENSOR_BF16) {
    const uint16_t *b = t->data;
    for (size_t i = 0; i < t->count; i++) out[i] = bf16_to_f32(b[i]);
    return true;
  }
  if (t->dtype != TENSOR_I8) return false;
  const int8_t *q = t->data;
  size_t rows = (size_t)t->dims[0], cols = rows ? (size_t)t->count / rows : 0;
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < cols; c++) out[r * cols + c] = (float)q[r * cols + c] * t->scales[r];
  return true;
}

void tensor_quantise(const float *x, size_t rows, size_t cols, int8_t *q, float *scales) {
  for (size_t r = 0; r < rows; r++) {
    const float *row = x + r * cols;
    float most = 0;
    for (size_t c = 0; c < cols; c++) most = fmaxf(most, fabsf(row[c]));
    scales[r] = most / 127.0f;
    float inv = most > 0 ? 127.0f / most : 0;
    for (size_t c = 0; c < cols; c++) {
      long v = lrintf(row[c] * inv);
      q[r * cols + c] = (int8_t)(v > 127 ? 127 : v < -127 ? -127 : v);
    }
  }
}

/* ---- writing ---- */

/* Counts and sums what goes out; errors are sticky. */
typedef struct sink {
  FILE *file;
  uint64_t at, sum, word;
  bool failed;
} sink;

static void put(sink *s, const void *bytes, size_t n) {
  if (n == 0 || s->failed) return;
  if (fwrite(bytes, 1, n, s->file) != n) s->failed = true;
  const unsigned char *p = bytes;
  size_t part = s->at % 8; /* bytes already in the open word */
  s->at += n;
  for (; part && n; p++, n--) {
    s->word |= (uint64_t)*p << (8 * part);
    part = (part + 1) % 8;
    if (part == 0) s->sum = checksum_words(s->sum, (const unsigned char *)&s->word, 8), s->word = 0;
  }
  s->sum = checksum_words(s->sum, p, n / 8 * 8);
  if (n % 8) memcpy(&s->word, p + n / 8 * 8, n % 8);
}

static void put_zeros(sink *s, uint64_t upto) {
  static const char zeros[DATA_ALIGN];
  while (s->at < upto && !s->failed) {
    uint64_t n = upto - s->at;
    put(s, zeros, n < sizeof zeros ? (size_t)n : sizeof zeros);
  }
}

static void put_header(sink *s, str meta, const tensor *tensors, size_t n) {
  uint32_t version = VERSION, n_entries = (uint32_t)n;
  uint64_t meta_len = meta.len, offset = 0;
  put(s, MAGIC, sizeof MAGIC);
  put(s, &version, 4);
  put(s, &n_entries, 4);
  put(s, &meta_len, 8);
  put(s, meta.ptr, meta.len);
  for (size_t i = 0; i < n; i++) {
    tensor t = tensors[i];
    uint64_t nbytes = 0;
    uint16_t name_len = (uint16_t)t.name.len;
    uint8_t dtype = (uint8_t)t.dtype, ndim = (uint8_t)t.ndim;
    measure(&t, &nbytes);
    put(s, &name_len, 2);
    put(s, t.name.ptr, t.name.len);
    put(s, &dtype, 1);
    put(s, &ndim, 1);
    put(s, t.dims, (size_t)t.ndim * sizeof *t.dims);
    put(s, &offset, 8);
    put(s, &nbytes, 8);
    offset = align_up(offset + nbytes, DATA_ALIGN);
  }
}

static void put_data(sink *s, const tensor *tensors, size_t n) {
  for (size_t i = 0; i < n; i++) {
    tensor t = tensors[i];
    uint64_t nbytes = 0;
    measure(&t, &nbytes);
    put_zeros(s, align_up(s->at, DATA_ALIGN));
    put(s, t.data, t.count * element_size(t.dtype));
    if (t.dtype == TENSOR_I8) {
      put_zeros(s, align_up(s->at, 4));
      put(s, t.scales, t.dims[0] * sizeof(float));
    }
  }
}

static emend_rc writable(str meta, const tensor *tensors, size_t n, emend_error *err) {
  if (n > TENSOR_MAX_ENTRIES || meta.len > MAX_META)
    return err_set(err, EMEND_EUSAGE, STAGE, "too many tensors, or too long a text");
  for (size_t i = 0; i < n; i++) {
    tensor t = tensors[i];
    uint64_t nbytes;
    if (t.name.len > TENSOR_MAX_NAME || !measure(&t, &nbytes))
      return err_set(err, EMEND_EUSAGE, STAGE, "tensor \"%.*s\" cannot be written",
                     STR_ARG(str_slice(t.name, 0, 64)));
  }
  return EMEND_OK;
}

/* The rename is durable only once the folder that holds the name is. */
static void sync_folder(const char *path) {
  char dir[4096];
  const char *slash = strrchr(path, '/');
  int len = slash ? (int)(slash - path) : 1;
  snprintf(dir, sizeof dir, "%.*s", len ? len : 1, slash ? path : ".");
  int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  (void)fsync(fd);
  close(fd);
}

emend_rc tensor_file_write(const char *path, str meta, const tensor *tensors, size_t n,
                           emend_error *err) {
  emend_rc rc = writable(meta, tensors, n, err);
  if (rc != EMEND_OK) return rc;
  char temp[4096];
  int len = snprintf(temp, sizeof temp, "%s.%ld.tmp", path, (long)getpid());
  if (len < 0 || (size_t)len >= sizeof temp)
    return err_set(err, EMEND_EUSAGE, STAGE, "the path is too long");
  sink s = {.file = fopen(temp, "wbe"), .sum = CHECKSUM_START};
  if (!s.file) return err_set(err, EMEND_EIO, STAGE, "%s: %s", temp, strerror(errno));
  put_header(&s, meta, tensors, n);
  put_data(&s, tensors, n);
  put_zeros(&s, align_up(s.at, DATA_ALIGN));
  uint64_t sum = s.sum; /* s.at is a multiple of 8: no word is open */
  put(&s, &sum, sizeof sum);
  if (fflush(s.file) != 0 || fsync(fileno(s.file)) != 0) s.failed = true;
  if (fclose(s.file) != 0) s.failed = true;
  if (s.failed || rename(temp, path) != 0) {
    rc = err_set(err, EMEND_EIO, STAGE, "%s: %s", path, strerror(errno));
    unlink(temp);
    return rc;
  }
  sync_folder(path);
  return EMEND_OK;
}
