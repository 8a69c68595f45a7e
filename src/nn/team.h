/* A few threads that do the same job on different parts, again and again. */
#ifndef NN_TEAM_H
#define NN_TEAM_H

typedef struct team team;

/** `workers` 1 to 64, the caller among them. Owns: the caller, until team_free. NULL when memory
 *  or threads are exhausted. */
team *team_create(int workers);
/** NULL is harmless. */
void team_free(team *t);
int team_workers(const team *t);

/** Calls job(arg, 0) on the calling thread and job(arg, 1…) on the others; returns when all have.
 *  Threads: one caller at a time. */
void team_run(team *t, void (*job)(void *arg, int worker), void *arg);

#endif
