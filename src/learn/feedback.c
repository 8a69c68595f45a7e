/* The steps of feedback's life and the rules between them; see feedback.h. What its SQL is worth
 * is found out in feedback_check.c and doubt.c, what it teaches about words in lesson.c. */
#include "learn/feedback.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "learn/doubt.h"
#include "learn/feedback_check.h"
#include "recall/recall.h"
#include "store/finalized.h"
#include "text/text.h"

static const char STAGE[] = "feedback";

/* ---- what was confirmed otherwise ---- */

/* One spelling, as of a correction; as it is where it cannot be read. */
static str spell(const store_finalized *f, arena *a) {
  sql_dialect_id dialect = SQL_SQLITE;
  sql_parsed parsed;
  sql_dialect_find(f->dialect, &dialect);
  if (sql_parse(f->query, dialect, a, &parsed, NULL) || parsed.statements.len != 1 ||
      !parsed.statements.items[0].query)
    return f->query;
  return sql_print(parsed.statements.items[0].query, dialect, a);
}

/* Confirmed questions that give this question another query. Where it is their own, they wait for
 * review; where it was taken for them, they are no longer taken for it. */
static emend_rc find_against(store *st, const store_feedback *f, arena *a, store_withdrawals *out,
                             emend_error *err) {
  const store_finalized like = {.source = f->source, .query = f->wrong_sql};
  store_finalizeds all;
  str key = recall_key(f->question, a);
  if (!key.ptr) return err_nomem(err, STAGE);
  emend_rc rc = store_finalized_about(st, &like, key, a, &all, err);
  for (size_t i = 0; i < all.len && !rc; i++) {
    const store_finalized *x = &all.items[i];
    str own = recall_key(x->question, a), spelling = spell(x, a);
    if (!own.ptr || !spelling.ptr) return err_nomem(err, STAGE);
    if (str_eq(spelling, f->shape)) continue;
    store_withdrawal w = {.finalized_id = x->id, .by = x->by};
    if (!str_eq(own, key)) {
      w.wording = f->question;
      w.key = key;
    }
    if (!vec_push(a, out, w)) rc = err_nomem(err, STAGE);
  }
  return rc;
}

/* Applied before: what was confirmed otherwise since goes. */
static emend_rc withdraw_again(store *st, const store_feedback *f, str by, arena *a,
                               emend_error *err) {
  store_withdrawals against = {0};
  const store_step step = {.id = f->id, .by = by, .against = &against};
  if (f->status != STORE_APPLIED) return EMEND_OK;
  emend_rc rc = find_against(st, f, a, &against, err);
  return rc ? rc : store_feedback_withdraw(st, &step, err);
}

/* ---- taking in ---- */

static emend_rc fits(const char *what, str text, size_t most, emend_error *err) {
  if (text.len > most)
    return err_set(err, EMEND_EUSAGE, STAGE, "the %s is longer than %zu bytes; send less", what,
                   most);
  if (!utf8_valid(text) || (text.len && memchr(text.ptr, 0, text.len)))
    return err_set(err, EMEND_EUSAGE, STAGE, "the %s is not valid UTF-8; send it in that encoding",
                   what);
  return EMEND_OK;
}

static const char *const reasons[] = {
    "wrong_table",     "wrong_column", "wrong_join",  "wrong_value", "wrong_filter",
    "wrong_aggregate", "wrong_group",  "wrong_order", "missing",     "too_much",
    "misunderstood",   "right",        "other"};
enum { N_REASONS = sizeof reasons / sizeof *reasons };

static emend_rc fit_reason(str reason, emend_error *err) {
  char known[256];
  size_t n = 0;
  if (!reason.len) return EMEND_OK;
  for (int i = 0; i < N_REASONS; i++) {
    if (str_eq(reason, str_from(reasons[i]))) return EMEND_OK;
    n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", i ? ", " : "", reasons[i]);
  }
  return err_set(err, EMEND_EUSAGE, STAGE, "there is no reason \"%.40s\"; there are: %s",
                 reason.ptr, known);
}

emend_rc learn_feedback_fits(const store_feedback *in, emend_error *err) {
  emend_rc rc = fits("question", in->question, FEEDBACK_MAX_QUESTION, err);
  if (!rc) rc = fits("SQL", in->sql, FEEDBACK_MAX_SQL, err);
  if (!rc) rc = fits("comment", in->comment, FEEDBACK_MAX_COMMENT, err);
  if (!rc) rc = fits("user's name", in->user, FEEDBACK_MAX_NAME, err);
  if (!rc) rc = fit_reason(in->reason, err);
  if (rc) return rc;
  if (in->rating < 0 || in->rating > 5)
    return err_set(err, EMEND_EUSAGE, STAGE, "a rating is 1 to 5, not %d", in->rating);
  if (!str_trim(in->sql).len && !str_trim(in->comment).len && !in->rating && !in->reason.len)
    return err_set(err, EMEND_EUSAGE, STAGE,
                   "there is nothing to learn from: give a corrected SQL, a rating, a reason or a "
                   "comment");
  return EMEND_OK;
}

static emend_rc refuse(learn_taken *out, str why) {
  out->row = (store_feedback){0};
  out->why = why;
  return EMEND_OK;
}

/* All feedback on the same question. */
static emend_rc same_topic(store *st, const store_feedback *f, arena *a, store_feedbacks *out,
                           emend_error *err) {
  const store_feedback_filter filter = {
      .source = f->source, .topic = f->topic, .status = STORE_N_STATUS};
  return store_feedback_list(st, &filter, a, out, err);
}

static emend_rc find_known(store *st, learn_taken *out, arena *a, emend_error *err) {
  store_feedbacks all;
  emend_rc rc = same_topic(st, &out->row, a, &all, err);
  for (size_t i = 0; i < all.len && !rc; i++) {
    const store_feedback *f = &all.items[i];
    if (!out->row.sql.len || !str_eq(f->shape, out->row.shape) || !str_eq(f->user, out->row.user))
      continue;
    out->row = *f;
    out->known = true;
    out->why = STR("this person has said so before");
    break;
  }
  return rc;
}

emend_rc learn_feedback_take(store *st, const learn_subject *s, const store_feedback *in, arena *a,
                             learn_taken *out, emend_error *err) {
  bool opted_out = false;
  *out = (learn_taken){.row = *in};
  emend_rc rc = learn_feedback_fits(in, err);
  if (!rc) rc = store_person_opted_out(st, in->user, &opted_out, err);
  if (rc) return rc;
  if (opted_out) return refuse(out, STR("this person has opted out of learning; nothing was kept"));
  out->row.source = s->name;
  out->row.schema_version = str_from(s->cat->version);
  out->row.topic = text_normalise(a, in->question);
  if (!out->row.topic.ptr) return err_nomem(err, STAGE);
  bool sound = true;
  if (in->sql.len) rc = learn_feedback_check(s, &out->row, a, &out->faults, &sound, err);
  if (rc) return rc;
  if (!sound) return refuse(out, STR("the corrected SQL has faults; nothing was kept"));
  rc = find_known(st, out, a, err);
  if (!rc && !out->known) rc = learn_doubt_judge(s, &out->row, a, err);
  if (rc || out->known) return rc;
  char id[STORE_ID_MAX];
  store_new_id("fb_", id);
  out->row.id = arena_str(a, str_from(id));
  if (!out->row.id.ptr) return err_nomem(err, STAGE);
  rc = store_feedback_add(st, &out->row, err);
  /* praise of an answer as it is: what taught it was right */
  if (!rc && !in->sql.len && in->rating >= FEEDBACK_GOOD_RATING && in->question_id.len)
    rc = store_use_confirm(st, in->question_id, err);
  return rc ? rc : store_feedback_get(st, out->row.id, a, &out->row, err);
}

/* ---- whether to apply ---- */

static bool stands_behind(const store_feedbacks *all, size_t n, str user, str shape) {
  for (size_t i = 0; i < n; i++)
    if (all->items[i].status != STORE_REJECTED && str_eq(all->items[i].user, user) &&
        str_eq(all->items[i].shape, shape))
      return true;
  return false;
}

/* How many different people stand behind `shape`, and not behind `rival` (empty: nothing) as well:
 * who says both has changed their mind. */
static size_t people_behind(const store_feedbacks *all, str shape, str rival) {
  size_t n = 0;
  for (size_t i = 0; i < all->len; i++) {
    const store_feedback *x = &all->items[i];
    if (x->status == STORE_REJECTED || !str_eq(x->shape, shape)) continue;
    bool other = rival.len && stands_behind(all, all->len, x->user, rival);
    n += !other && !stands_behind(all, i, x->user, shape);
  }
  return n;
}

/* A confirmed question has one person behind it: somebody else alone does not overrule that. */
static emend_rc weigh_confirmed(store *st, const store_feedback *f, size_t people, arena *a,
                                str *why, emend_error *err) {
  store_withdrawals against = {0};
  emend_rc rc = find_against(st, f, a, &against, err);
  for (size_t i = 0; i < against.len && !rc && !why->len; i++) {
    const store_withdrawal *w = &against.items[i];
    if (w->key.len || people > 1 || str_eq(w->by, f->user)) continue;
    *why = str_from(arena_printf(a,
                                 "it contradicts the confirmed question %.*s; that goes once a "
                                 "second person says the same, or when you apply it by hand",
                                 STR_ARG(w->finalized_id)));
    if (!why->ptr) rc = err_nomem(err, STAGE);
  }
  return rc;
}

emend_rc learn_feedback_judge(store *st, const store_feedback *f, arena *a, str *why,
                              store_feedbacks *contradicts, emend_error *err) {
  store_feedbacks all;
  *why = (str){0};
  if (contradicts) *contradicts = (store_feedbacks){0};
  if (!f->sql.len) {
    *why = STR("it has no corrected SQL");
    return EMEND_OK;
  }
  if (f->rating && f->rating < FEEDBACK_GOOD_RATING)
    *why = STR("its rating is below 4");
  else if (f->differs == 0)
    *why = STR("its result is that of the generated SQL");
  emend_rc rc = same_topic(st, f, a, &all, err);
  if (rc) return rc;
  size_t mine = people_behind(&all, f->shape, (str){0});
  for (size_t i = 0; i < all.len; i++) {
    const store_feedback *x = &all.items[i];
    if (x->status != STORE_APPLIED || str_eq(x->shape, f->shape)) continue;
    if (contradicts && !vec_push(a, contradicts, *x)) return err_nomem(err, STAGE);
    if (why->len || people_behind(&all, x->shape, f->shape) < mine) continue;
    *why = str_from(arena_printf(a,
                                 "it contradicts %.*s, which as many people stand behind; apply it "
                                 "by hand to replace that",
                                 STR_ARG(x->id)));
  }
  return why->len ? EMEND_OK : weigh_confirmed(st, f, mine, a, why, err);
}

/* How much of what this person said became of it. */
static emend_rc count_of(store *st, str user, store_feedback_status status, arena *a, size_t *out,
                         emend_error *err) {
  store_feedbacks all;
  const store_feedback_filter filter = {.user = user, .status = status};
  emend_rc rc = store_feedback_list(st, &filter, a, &all, err);
  *out = rc ? 0 : all.len;
  return rc;
}

/* Whose word was turned down more often than it held is looked at more closely. */
static emend_rc doubt_person(store *st, const store_feedback *f, arena *a, str *why,
                             emend_error *err) {
  size_t down = 0, held = 0;
  if (!f->user.len) return EMEND_OK;
  emend_rc rc = count_of(st, f->user, STORE_REJECTED, a, &down, err);
  if (!rc) rc = count_of(st, f->user, STORE_APPLIED, a, &held, err);
  if (rc || down < FEEDBACK_TURNED_DOWN || down <= held) return rc;
  *why = str_from(arena_printf(a, "of what %.*s said %zu was turned down and %zu held; look closer",
                               STR_ARG(f->user), down, held));
  return why->ptr ? EMEND_OK : err_nomem(err, STAGE);
}

emend_rc learn_feedback_doubt(store *st, const store_feedback *f, arena *a, str *why,
                              emend_error *err) {
  store_feedbacks all;
  *why = (str){0};
  emend_rc rc = same_topic(st, f, a, &all, err);
  if (rc || people_behind(&all, f->shape, (str){0}) > 1) return rc;
  if (!learn_doubted(f)) return doubt_person(st, f, a, why, err);
  *why = learn_doubt_text(f, a);
  return why->ptr ? EMEND_OK : err_nomem(err, STAGE);
}

/* ---- steps ---- */

typedef VEC(store_step) step_list;

static emend_rc add_apply(store *st, const store_feedback *f, const store_feedbacks *contradicts,
                          str by, str note, arena *a, step_list *steps, emend_error *err) {
  char id[STORE_ID_MAX];
  store_example *e = ARENA_NEW(a, store_example);
  store_withdrawals *against = ARENA_NEW(a, store_withdrawals);
  store_new_id("ex_", id);
  if (!e || !against) return err_nomem(err, STAGE);
  emend_rc rc = find_against(st, f, a, against, err);
  if (rc) return rc;
  *e = (store_example){.id = arena_str(a, str_from(id)),
                       .source = f->source,
                       .question = f->question,
                       .sql = f->sql,
                       .wrong_sql = f->wrong_sql,
                       .note = f->reason,
                       .origin = STR("feedback"),
                       .parent = f->id,
                       .user = f->user};
  for (size_t i = 0; i < contradicts->len; i++) {
    const char *text = arena_printf(a, "superseded by %.*s", STR_ARG(f->id));
    const store_step old = {.id = contradicts->items[i].id,
                            .from = STORE_APPLIED,
                            .to = STORE_REJECTED,
                            .by = by,
                            .note = str_from(text)};
    if (!text || !vec_push(a, steps, old)) return err_nomem(err, STAGE);
  }
  const store_step apply = {.id = f->id,
                            .from = STORE_VERIFIED,
                            .to = STORE_APPLIED,
                            .by = by,
                            .note = note,
                            .example = e,
                            .against = against};
  return e->id.ptr && vec_push(a, steps, apply) ? EMEND_OK : err_nomem(err, STAGE);
}

static emend_rc cannot(const store_feedback *f, const char *what, emend_error *err) {
  return err_set(err, EMEND_EUSAGE, STAGE, "%.*s is %s, %s", STR_ARG(f->id),
                 store_status_name(f->status), what);
}

static emend_rc plan(store *st, const store_feedback *f, store_feedback_status to, str by, str note,
                     arena *a, step_list *steps, str *why, emend_error *err) {
  store_feedbacks contradicts;
  const store_step step = {.id = f->id, .from = f->status, .to = to, .by = by, .note = note};
  if (to == STORE_REJECTED) return vec_push(a, steps, step) ? EMEND_OK : err_nomem(err, STAGE);
  if (f->status == STORE_REJECTED) return cannot(f, "which is final; send it again", err);
  emend_rc rc = learn_feedback_judge(st, f, a, why, &contradicts, err);
  if (rc) return rc;
  if (to == STORE_APPLIED) {
    if (f->status == STORE_PENDING) return cannot(f, "not verified; verify it first", err);
    if (!f->sql.len) return cannot(f, "without a corrected SQL there is nothing to apply", err);
    *why = (str){0};
    return add_apply(st, f, &contradicts, by, note, a, steps, err);
  }
  if (!vec_push(a, steps, step)) return err_nomem(err, STAGE);
  return why->len ? EMEND_OK
                  : add_apply(st, f, &contradicts, by, STR("the thresholds hold"), a, steps, err);
}

emend_rc learn_feedback_move(store *st, str id, store_feedback_status to, str by, str note,
                             arena *a, str *why, emend_error *err) {
  store_feedback f;
  step_list steps = {0};
  *why = (str){0};
  emend_rc rc = store_feedback_get(st, id, a, &f, err);
  if (!rc) rc = fits("reviewer's name", by, FEEDBACK_MAX_NAME, err);
  if (!rc) rc = fits("note", note, FEEDBACK_MAX_COMMENT, err);
  if (rc) return rc;
  bool taken = f.status == to || (to == STORE_VERIFIED && f.status == STORE_APPLIED);
  if (taken) return to == STORE_APPLIED ? withdraw_again(st, &f, by, a, err) : EMEND_OK;
  rc = plan(st, &f, to, by, note, a, &steps, why, err);
  return rc ? rc : store_feedback_steps(st, steps.items, steps.len, err);
}

emend_rc learn_feedback_edit(store *st, const learn_subject *s, str id, str sql, int rating, str by,
                             arena *a, learn_taken *out, emend_error *err) {
  *out = (learn_taken){0};
  emend_rc rc = store_feedback_get(st, id, a, &out->row, err);
  if (rc) return rc;
  if (out->row.status != STORE_PENDING && out->row.status != STORE_VERIFIED)
    return cannot(&out->row, "and can no longer be edited", err);
  if (sql.len) out->row.sql = sql;
  if (rating) out->row.rating = rating;
  rc = learn_feedback_fits(&out->row, err);
  bool sound = true;
  if (!rc && out->row.sql.len)
    rc = learn_feedback_check(s, &out->row, a, &out->faults, &sound, err);
  if (rc) return rc;
  if (!sound) return refuse(out, STR("the corrected SQL has faults; nothing was changed"));
  rc = learn_doubt_judge(s, &out->row, a, err);
  if (!rc) rc = store_feedback_edit(st, &out->row, by, err);
  return rc ? rc : store_feedback_get(st, id, a, &out->row, err);
}
