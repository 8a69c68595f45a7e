/* Worker threads behind a round counter. See team.h. */
#include "nn/team.h"

#include <pthread.h>
#include <stdbool.h>

#include "base/mem.h"

enum { MOST = 64 };

typedef struct worker {
  team *team;
  int number;
  pthread_t thread;
} worker;

struct team {
  pthread_mutex_t lock;
  pthread_cond_t begin, end;
  void (*job)(void *arg, int worker);
  void *arg;
  unsigned long round; /* counts the calls of team_run */
  int busy;            /* workers that have not finished this round */
  bool closing;
  int n; /* with the caller */
  worker workers[MOST];
};

static void *work(void *arg) {
  worker *w = arg;
  team *t = w->team;
  unsigned long done = 0;
  pthread_mutex_lock(&t->lock);
  for (;;) {
    while (t->round == done && !t->closing) pthread_cond_wait(&t->begin, &t->lock);
    if (t->closing) break;
    done = t->round;
    pthread_mutex_unlock(&t->lock);
    t->job(t->arg, w->number);
    pthread_mutex_lock(&t->lock);
    if (--t->busy == 0) pthread_cond_signal(&t->end);
  }
  pthread_mutex_unlock(&t->lock);
  return NULL;
}

team *team_create(int workers) {
  if (workers < 1 || workers > MOST) return NULL;
  team *t = mem_alloc(sizeof *t);
  if (!t) return NULL;
  pthread_mutex_init(&t->lock, NULL);
  pthread_cond_init(&t->begin, NULL);
  pthread_cond_init(&t->end, NULL);
  for (t->n = 1; t->n < workers; t->n++) {
    worker *w = &t->workers[t->n];
    *w = (worker){.team = t, .number = t->n};
    if (pthread_create(&w->thread, NULL, work, w) != 0) {
      team_free(t);
      return NULL;
    }
  }
  return t;
}

void team_free(team *t) {
  if (!t) return;
  pthread_mutex_lock(&t->lock);
  t->closing = true;
  pthread_cond_broadcast(&t->begin);
  pthread_mutex_unlock(&t->lock);
  for (int i = 1; i < t->n; i++) pthread_join(t->workers[i].thread, NULL);
  pthread_cond_destroy(&t->end);
  pthread_cond_destroy(&t->begin);
  pthread_mutex_destroy(&t->lock);
  mem_free(t);
}

int team_workers(const team *t) { return t->n; }

void team_run(team *t, void (*job)(void *arg, int worker), void *arg) {
  pthread_mutex_lock(&t->lock);
  t->job = job;
  t->arg = arg;
  t->busy = t->n - 1;
  t->round++;
  pthread_cond_broadcast(&t->begin);
  pthread_mutex_unlock(&t->lock);
  job(arg, 0);
  pthread_mutex_lock(&t->lock);
  while (t->busy > 0) pthread_cond_wait(&t->end, &t->lock);
  pthread_mutex_unlock(&t->lock);
}
