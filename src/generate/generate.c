/* What all generators share. See generate.h. */
#include "generate/generate.h"

#include "base/mem.h"

void gen_free(generator *g) {
  if (!g) return;
  if (g->destroy) g->destroy(g->self);
  mem_free(g);
}
