/* Data sets in the forms that trainers of language models read. Each line is what inference sends,
 * byte for byte. */
#ifndef LEARN_EXPORT_H
#define LEARN_EXPORT_H

#include "learn/pairs.h"

typedef enum learn_format {
  LEARN_EMEND,    /* our own: one pair a line */
  LEARN_CHAT,     /* {"messages":[{"role","content"}…]} */
  LEARN_SHAREGPT, /* {"conversations":[{"from","value"}…]} */
  LEARN_ALPACA    /* {"instruction","input","output"} */
} learn_format;

/** By name: "emend", "chat", "sharegpt", "alpaca". */
bool learn_format_find(str name, learn_format *out);

/** Every pair as a line into `out`; those with a corrected answer get the turn of correction as a
 *  line of its own. EMEND_ELIMIT when `out` is full. */
emend_rc learn_export(const learn_about *about, const learn_pairs *pairs, learn_format format,
                      buf *out, emend_error *err);

#endif
