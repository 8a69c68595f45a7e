/* Probes: judge/ says which queries, here they are run and what they cost is kept low. */
#include "ask/probing.h"

#include "base/clock.h"

/* Where the engine does not count its steps, they may take as long as the query did and this. */
static const double beside_ms = 5;

typedef struct budget {
  const ask_probing *with;
  arena *a;
  uint64_t work; /* what is left */
  double until;  /* clock_ms; 0: no end */
} budget;

static bool run(budget *b, str sql, source_result *out) {
  const ask_probing *with = b->with;
  source_limits limits = {.max_rows = with->max_rows ? with->max_rows : 1000, .max_work = b->work};
  if (b->until > 0) limits.timeout_ms = b->until - clock_ms();
  if (b->work == 0 || (b->until > 0 && limits.timeout_ms <= 0)) return false;
  bool ran = source_run(with->db, sql, &limits, b->a, out, NULL) == EMEND_OK;
  b->work -= with->db->work < b->work ? with->db->work : b->work;
  return ran;
}

static bool run_one(budget *b, judge_probe *p) {
  source_result rows, against;
  judge_digest other, mine = *b->with->digest;
  if (!run(b, p->sql, &rows)) return true;
  if (p->kind == JUDGE_PROBE_APART) return judge_read_pairs(p, b->with->own, &rows, b->a);
  if (!judge_digest_of(&rows, b->a, &other)) return false;
  if (p->against.ptr) {
    if (!run(b, p->against, &against)) return true;
    if (!judge_digest_of(&against, b->a, &mine)) return false;
  }
  p->ran = true;
  p->differs = mine.rows != other.rows;
  return true;
}

bool ask_run_probes(const ask_probing *with, judge_probes *probes, arena *a) {
  budget b = {.with = with, .a = a, .work = ASK_PROBE_SHARE * with->own->work + ASK_PROBE_WORK};
  double left = with->time_left, most = ASK_PROBE_SHARE * with->own->ms + beside_ms;
  if (!with->own->work && (left < 0 || left > most)) left = most;
  if (left >= 0) b.until = clock_ms() + left;
  /* A query without one of its tables costs less than itself, and tells most. */
  for (int rest = 0; rest < 2; rest++)
    for (size_t i = 0; i < probes->len; i++) {
      judge_probe *p = &probes->items[i];
      if ((p->kind != JUDGE_PROBE_WITHOUT) == rest && !run_one(&b, p)) return false;
    }
  return true;
}
