/* A matcher for grammars in GBNF, as llama.cpp reads them: literals, classes, groups, alternatives,
 * ? * + {m,n}. For tests: it answers, it does not hurry. */
#ifndef SUPPORT_GBNF_H
#define SUPPORT_GBNF_H

#include "base/arena.h"

typedef struct gbnf gbnf;

/** NULL for text that is no grammar (*why then says where), or when out of memory. In `a`. */
gbnf *gbnf_read(str text, arena *a, const char **why);
/** Does `root` derive the whole of `text`? *reached is how far any derivation came. */
bool gbnf_match(const gbnf *g, str text, size_t *reached);
size_t gbnf_rules(const gbnf *g);

#endif
