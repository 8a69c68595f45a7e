"""Reads and writes emend's tensor files (weights, checkpoints, datasets, golden tensors).

The container is the one of src/nn/tensor_file.h. This file knows nothing of networks or of PyTorch.
"""

import gzip
import json
import lzma
import os
import struct

import numpy as np

MAGIC = b"EMENDTF1"
VERSION = 1
F32, I8, U8, U16, I32, I64, BF16 = range(7)
NUMPY_TYPE = {F32: np.dtype("<f4"), U8: np.dtype("u1"), U16: np.dtype("<u2"),
              I32: np.dtype("<i4"), I64: np.dtype("<i8")}
DTYPE_OF = {np.dtype("float32"): F32, np.dtype("uint8"): U8, np.dtype("uint16"): U16,
            np.dtype("int32"): I32, np.dtype("int64"): I64}
MAX_ENTRIES = 4096
FNV_BASIS = 14695981039346656037
FNV_PRIME = 1099511628211
# Pure Python hashes about 8 million words a second; a larger file is checked only where numba is there.
VERIFY_LIMIT = 64 << 20


class TensorFileError(ValueError):
    """The file is damaged, or is not a tensor file of this version."""


class Quantised:
    """A matrix that write() stores as i8 with one f32 scale a row."""

    def __init__(self, values):
        matrix = np.ascontiguousarray(values, dtype=np.float32)
        rows = matrix.reshape(matrix.shape[0], -1)
        self.shape = matrix.shape
        peak = np.abs(rows).max(axis=1) if rows.shape[1] else np.zeros(rows.shape[0], np.float32)
        self.scale = (peak / 127.0).astype(np.float32)
        divisor = np.where(self.scale > 0, self.scale, 1).astype(np.float32)
        self.data = np.clip(np.rint(rows / divisor[:, None]), -127, 127).astype(np.int8)


class Bf16:
    """A tensor that write() stores as bf16, rounded to nearest even."""

    def __init__(self, values):
        matrix = np.ascontiguousarray(values, dtype=np.float32)
        bits = matrix.view(np.uint32)
        self.shape = matrix.shape
        odd = (bits >> np.uint32(16)) & np.uint32(1)
        self.data = ((bits + np.uint32(0x7FFF) + odd) >> np.uint32(16)).astype("<u2")


def _fnv_python(words):
    h = FNV_BASIS
    mask = (1 << 64) - 1
    for start in range(0, len(words), 1 << 20):
        for word in words[start:start + (1 << 20)].tolist():
            h = ((h ^ word) * FNV_PRIME) & mask
    return h


def _fnv_compiled():
    """The same loop through numba, or None where numba is not installed."""
    try:
        import numba
    except ImportError:
        return None

    @numba.njit
    def fnv(words, h, prime):
        for i in range(words.size):
            h = (h ^ words[i]) * prime
        return h

    return lambda words: int(fnv(words, np.uint64(FNV_BASIS), np.uint64(FNV_PRIME)))


_fnv = None


def checksum(payload):
    """FNV-1a 64 over `payload` taken as little-endian u64 words, zero-padded."""
    global _fnv
    if _fnv is None:
        _fnv = _fnv_compiled() or _fnv_python
    tail = len(payload) % 8
    whole = np.frombuffer(payload, dtype="<u8", count=len(payload) // 8)
    if tail:
        last = np.frombuffer(bytes(payload[-tail:]) + b"\0" * (8 - tail), dtype="<u8")
        whole = np.concatenate([whole, last])
    return _fnv(whole)


def _encode(value):
    """(dtype, shape, bytes) of one tensor."""
    if isinstance(value, Quantised):
        body = value.data.tobytes()
        body += b"\0" * (-len(body) % 4)
        return I8, value.shape, body + value.scale.astype("<f4").tobytes()
    if isinstance(value, Bf16):
        return BF16, value.shape, value.data.tobytes()
    array = np.ascontiguousarray(value)
    if array.dtype not in DTYPE_OF:
        raise TensorFileError("no tensor type for %s" % array.dtype)
    return DTYPE_OF[array.dtype], array.shape, array.tobytes()


def write(path, meta, tensors):
    """Writes `tensors` (name → array, Quantised or Bf16) to `path`, whole or not at all."""
    head = bytearray()
    parts = []
    offset = 0
    for name, value in tensors.items():
        dtype, shape, body = _encode(value)
        raw = name.encode()
        head += struct.pack("<H", len(raw)) + raw + struct.pack("<BB", dtype, len(shape))
        head += struct.pack("<%dQ" % len(shape), *shape)
        head += struct.pack("<QQ", offset, len(body))
        body += b"\0" * (-len(body) % 64)
        parts.append(body)
        offset += len(body)
    text = json.dumps(meta, ensure_ascii=False, separators=(",", ":")).encode()
    out = bytearray(MAGIC + struct.pack("<IIQ", VERSION, len(tensors), len(text)) + text + head)
    out += b"\0" * (-len(out) % 64)
    out += b"".join(parts)
    out += struct.pack("<Q", checksum(out))
    partial = path + ".part"
    with open(partial, "wb") as f:
        f.write(out)
    os.replace(partial, path)


def _load_bytes(path):
    if path.endswith(".xz"):
        with lzma.open(path) as f:
            return f.read()
    if path.endswith(".gz"):
        with gzip.open(path) as f:
            return f.read()
    with open(path, "rb") as f:
        return f.read()


def _decode(raw, dtype, shape, offset, nbytes):
    count = 1
    for size in shape:
        count *= size
    if dtype == I8:
        rows = shape[0]
        scales = offset + count + (-count % 4)
        if nbytes != scales - offset + 4 * rows:
            raise TensorFileError("an i8 tensor has the wrong length")
        data = np.frombuffer(raw, np.int8, count, offset).reshape(rows, -1).astype(np.float32)
        scale = np.frombuffer(raw, "<f4", rows, scales)
        return (data * scale[:, None]).reshape(shape)
    if dtype == BF16:
        if nbytes != 2 * count:
            raise TensorFileError("a bf16 tensor has the wrong length")
        bits = np.frombuffer(raw, "<u2", count, offset).astype(np.uint32) << np.uint32(16)
        return bits.view(np.float32).reshape(shape)
    if dtype not in NUMPY_TYPE or nbytes != count * NUMPY_TYPE[dtype].itemsize:
        raise TensorFileError("a tensor has an unknown type or the wrong length")
    return np.frombuffer(raw, NUMPY_TYPE[dtype], count, offset).reshape(shape)


def _entry(raw, at):
    """(name, dtype, shape, offset, nbytes, next position) of the entry at `at`."""
    (length,) = struct.unpack_from("<H", raw, at)
    name = raw[at + 2:at + 2 + length].decode()
    dtype, ndim = struct.unpack_from("<BB", raw, at + 2 + length)
    if ndim > 4:
        raise TensorFileError("%s has %d dimensions" % (name, ndim))
    at += 4 + length
    shape = struct.unpack_from("<%dQ" % ndim, raw, at)
    offset, nbytes = struct.unpack_from("<QQ", raw, at + 8 * ndim)
    return name, dtype, shape, offset, nbytes, at + 8 * ndim + 16


def read(path, verify=None):
    """(meta, name → array) of a tensor file, plain or compressed as .xz or .gz.

    i8 and bf16 tensors come back as f32. `verify`: None checks the checksum of files up to
    VERIFY_LIMIT bytes, True of any, False of none.
    """
    raw = _load_bytes(path)
    if len(raw) < 32 or raw[:8] != MAGIC:
        raise TensorFileError("%s is not a tensor file" % path)
    version, n_entries, meta_len = struct.unpack_from("<IIQ", raw, 8)
    if version != VERSION:
        raise TensorFileError("%s has version %d, not %d" % (path, version, VERSION))
    if n_entries > MAX_ENTRIES or meta_len > len(raw) - 32:
        raise TensorFileError("%s has a damaged head" % path)
    if verify or (verify is None and len(raw) <= VERIFY_LIMIT):
        if checksum(memoryview(raw)[:-8]) != struct.unpack_from("<Q", raw, len(raw) - 8)[0]:
            raise TensorFileError("%s is damaged: its checksum differs" % path)
    try:
        meta = json.loads(raw[24:24 + meta_len])
        at = 24 + meta_len
        entries = []
        for _ in range(n_entries):
            *entry, at = _entry(raw, at)
            entries.append(entry)
    except (struct.error, UnicodeDecodeError, json.JSONDecodeError) as e:
        raise TensorFileError("%s has a damaged head: %s" % (path, e)) from e
    data = at + (-at % 64)
    tensors = {}
    for name, dtype, shape, offset, nbytes in entries:
        if offset % 64 or data + offset + nbytes > len(raw) - 8:
            raise TensorFileError("%s: %s lies outside the file" % (path, name))
        tensors[name] = _decode(raw, dtype, shape, data + offset, nbytes)
    return meta, tensors
