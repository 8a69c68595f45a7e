/* What the files of store/ that write several rows at once share. The store's lock must be held
 * by the caller of each. Private to this folder. */
#ifndef STORE_ROWS_H
#define STORE_ROWS_H

#include "store/db.h"
#include "store/feedback.h"
#include "store/finalized.h"

/** Takes the right to write, so that two processes cannot both read and then both change. */
emend_rc store_rows_begin(store *s, emend_error *err);
/** Commits when `rc` is EMEND_OK; else, or when that fails, undoes all. */
emend_rc store_rows_end(store *s, emend_rc rc, emend_error *err);
/** Runs a statement whose parameters are the first `n` texts; empty ones are NULL. */
emend_rc store_rows_run(store *s, store_sql which, const str *texts, int n, emend_error *err);

emend_rc store_rows_put_asked_back(store *s, const store_asked_back *b, emend_error *err);
emend_rc store_rows_add_example(store *s, const store_example *e, str now, emend_error *err);
emend_rc store_rows_withdraw(store *s, const store_withdrawal *w, str why, str by, str now,
                             emend_error *err);
/** Takes back every example that `which` (ids for the parameter `of`) gives. */
emend_rc store_rows_drop_all(store *s, store_sql which, str of, emend_error *err);

#endif
