/* SHA-256 (FIPS 180-4): names a file's contents so that a change of one bit shows. */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include "base/str.h"

enum { SHA256_HEX = 65 };

/** The hash of `data` as 64 lower-case hex digits and a NUL. */
void sha256_hex(str data, char out[SHA256_HEX]);

#endif
