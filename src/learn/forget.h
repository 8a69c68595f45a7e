/* Taking one person's words out of what was made of them: data sets, suites, trained versions. */
#ifndef LEARN_FORGET_H
#define LEARN_FORGET_H

#include "store/learning.h"

typedef struct learn_forgotten {
  size_t datasets, models;
} learn_forgotten;

/**
 * Removes every data set that holds a pair made of what `user` asked, confirmed, corrected or gave,
 * with the versions trained on it (where one answers, the weights as shipped answer again), and
 * such pairs from the suites. To be called before the person's rows go: by these it is known what
 * is theirs. Doing it again, after a crash between the two, is harmless.
 *
 * Returns: EMEND_OK; EMEND_EBUSY while a process is at a round; EMEND_EIO; EMEND_ENOMEM.
 */
emend_rc learn_forget(store *s, str user, learn_forgotten *out, emend_error *err);

#endif
