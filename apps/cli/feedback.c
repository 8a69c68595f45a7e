/* emend feedback: corrections, from the person who sends one to the reviewer who applies it. */
#include <stdlib.h>
#include <string.h>

#include "commands.h"

/* ---- shared with examples and privacy ---- */

int cli_run_verb(cli *c, const cli_verb *verbs, size_t n) {
  const char *names[16];
  char all[256];
  size_t length = 0;
  all[0] = 0;
  for (size_t i = 0; i < n && i < 16; i++) {
    names[i] = verbs[i].name;
    length += (size_t)snprintf(all + length, sizeof all - length, "%s%s", i ? ", " : "", names[i]);
  }
  const char *name = c->command->name;
  if (c->n_args == 0) return cli_usage_error("emend %s needs a verb: %s", name, all);
  for (size_t i = 0; i < n; i++)
    if (strcmp(c->args[0], names[i]) == 0) {
      int code = cli_open(c);
      return code ? code : verbs[i].run(c);
    }
  const char *near = cli_nearest(c->args[0], names, n);
  return near ? cli_usage_error("emend %s has no \"%s\"; did you mean %s?", name, c->args[0], near)
              : cli_usage_error("emend %s has no \"%s\"; there are: %s", name, c->args[0], all);
}

/* ---- showing ---- */

static void print_line(const char *label, const char *text) {
  if (!text) return;
  printf("  %-10s", label);
  print_text(stdout, text);
  putchar('\n');
}

static void print_short(const cli *c, const emend_feedback *f) {
  if (f->id) {
    print_styled(stdout, c->color, BOLD, f->id);
    putchar(' ');
  }
  fputs(emend_feedback_status_name(f->status), stdout);
  if (f->why) {
    printf(" (");
    print_text(stdout, f->why);
    putchar(')');
  }
  putchar('\n');
}

static void print_pair(const emend_feedback *f) {
  print_line("question", f->question);
  print_line("was", f->wrong_sql);
  print_line("gives", f->wrong_result);
  print_line("corrected", f->sql);
  print_line("gives", f->result);
  print_line("doubt", f->doubt);
}

static void print_said(const emend_feedback *f) {
  print_line("by", f->user);
  print_line("reason", f->reason);
  print_line("comment", f->comment);
  if (f->rating) printf("  %-10s%d of 5\n", "rating", f->rating);
}

static void print_long(const cli *c, const emend_feedback *f) {
  print_short(c, f);
  print_pair(f);
  print_line("source", f->source);
  print_said(f);
  for (size_t i = 0; i < f->n_trail; i++) {
    const emend_trail *t = &f->trail[i];
    printf("  %s ", t->at);
    if (t->from && strcmp(t->from, t->to) != 0) printf("%s -> ", t->from);
    printf("%s by ", t->to);
    print_text(stdout, t->by ? t->by : "somebody");
    if (t->note) {
      printf(": ");
      print_text(stdout, t->note);
    }
    putchar('\n');
  }
  printf("  shown to %lld answer%s, chosen for %lld, changed %lld, confirmed %lld\n",
         (long long)f->shown, f->shown == 1 ? "" : "s", (long long)f->chosen, (long long)f->changed,
         (long long)f->confirmed);
}

static int print_one(cli *c, emend_feedback *f, bool whole) {
  int code = EXIT_DONE;
  if (cli_flag(c, "json"))
    code = cli_print_json(emend_feedback_json(f));
  else if (whole)
    print_long(c, f);
  else
    print_short(c, f);
  if (!cli_flag(c, "json") && f->n_faults)
    print_diagnostics(stdout, c->color, cli_value(c, "sql"), f->faults, f->n_faults);
  if (!code && f->status == EMEND_FEEDBACK_REFUSED) code = EXIT_NO;
  emend_feedback_free(f);
  return code;
}

/* ---- add, edit, show ---- */

static int read_rating(const cli *c, int *out) {
  double rating;
  if (!cli_number(c, "rating", 1, 0, &rating)) return EXIT_USAGE;
  *out = (int)rating;
  if (rating > 5 || rating != *out)
    return cli_usage_error("--rating is a whole number from 1 to 5");
  return EXIT_DONE;
}

static int run_add(cli *c) {
  emend_feedback_new what = {.answer = cli_value(c, "answer"),
                             .question = cli_value(c, "question"),
                             .source = cli_value(c, "source"),
                             .sql = cli_value(c, "sql"),
                             .comment = cli_value(c, "comment"),
                             .reason = cli_value(c, "reason"),
                             .user = cli_value(c, "user")};
  emend_feedback *f = NULL;
  emend_error err;
  if (c->n_args > 1) return cli_usage_error("emend feedback add takes no argument");
  if (!what.answer == !what.question)
    return cli_usage_error("say either --answer ID or --question Q");
  int code = read_rating(c, &what.rating);
  if (!code) code = cli_add_sources(c);
  if (code) return code;
  if (emend_feedback_add(c->engine, &what, &f, &err)) return cli_failed(&err);
  return print_one(c, f, false);
}

static int need_ids(const cli *c) {
  if (c->n_args >= 2) return EXIT_DONE;
  return cli_usage_error("emend feedback %s needs an ID: emend feedback %s fb_...", c->args[0],
                         c->args[0]);
}

static int run_edit(cli *c) {
  int rating = 0;
  emend_feedback *f = NULL;
  emend_error err;
  int code = need_ids(c);
  if (!code) code = read_rating(c, &rating);
  if (!code) code = cli_add_sources(c);
  if (code) return code;
  if (emend_feedback_edit(c->engine, c->args[1], cli_value(c, "sql"), rating, cli_value(c, "by"),
                          &f, &err))
    return cli_failed(&err);
  return print_one(c, f, false);
}

static int run_show(cli *c) {
  emend_feedback *f = NULL;
  emend_error err;
  int code = need_ids(c);
  if (code) return code;
  if (emend_feedback_get(c->engine, c->args[1], &f, &err)) return cli_failed(&err);
  return print_one(c, f, true);
}

/* ---- steps ---- */

static int move_all(cli *c, emend_feedback_status to) {
  int code = need_ids(c);
  for (size_t i = 1; i < c->n_args && !code; i++) {
    emend_feedback *f = NULL;
    emend_error err;
    if (emend_feedback_move(c->engine, c->args[i], to, cli_value(c, "by"), cli_value(c, "note"), &f,
                            &err))
      return cli_failed(&err);
    code = print_one(c, f, false);
  }
  return code;
}

static int run_verify(cli *c) { return move_all(c, EMEND_FEEDBACK_VERIFIED); }
static int run_apply(cli *c) { return move_all(c, EMEND_FEEDBACK_APPLIED); }
static int run_reject(cli *c) { return move_all(c, EMEND_FEEDBACK_REJECTED); }

/* ---- lists ---- */

static int read_status(const cli *c, emend_feedback_status *out) {
  const char *name = cli_value(c, "status");
  *out = EMEND_FEEDBACK_REFUSED;
  for (int i = 0; name && i < EMEND_FEEDBACK_REFUSED; i++)
    if (strcmp(name, emend_feedback_status_name((emend_feedback_status)i)) == 0)
      *out = (emend_feedback_status)i;
  if (name && *out == EMEND_FEEDBACK_REFUSED)
    return cli_usage_error("--status is pending, verified, applied or rejected, not \"%s\"", name);
  return EXIT_DONE;
}

static int print_list(cli *c, emend_feedback_list *list) {
  int code = EXIT_DONE;
  if (cli_flag(c, "json")) {
    code = cli_print_json(emend_feedback_list_json(list));
  } else {
    for (size_t i = 0; i < list->n; i++) {
      emend_feedback f = list->items[i];
      if (cli_flag(c, "dry-run") && !f.why) f.why = "would be applied";
      print_short(c, &f);
      print_line("question", f.question);
      print_line("corrected", f.sql);
    }
    printf(
        "%zu pending, %zu verified, %zu applied, %zu rejected; shown to %lld answer%s, chosen "
        "%lld time%s, of these confirmed %lld\n",
        list->n_by_status[0], list->n_by_status[1], list->n_by_status[2], list->n_by_status[3],
        (long long)list->answers, list->answers == 1 ? "" : "s", (long long)list->chosen,
        list->chosen == 1 ? "" : "s", (long long)list->confirmed);
  }
  emend_feedback_list_free(list);
  return code;
}

static int run_list(cli *c) {
  emend_feedback_filter filter = {.source = cli_value(c, "source"), .user = cli_value(c, "user")};
  emend_feedback_list *list = NULL;
  emend_error err;
  int code = read_status(c, &filter.status);
  if (code) return code;
  if (emend_feedbacks(c->engine, &filter, &list, &err)) return cli_failed(&err);
  return print_list(c, list);
}

static int run_bulk(cli *c) {
  emend_bulk_options opt = {.source = cli_value(c, "source"),
                            .by = cli_value(c, "by"),
                            .ids = c->n_args > 1 ? c->args + 1 : NULL,
                            .n_ids = c->n_args - 1,
                            .dry_run = cli_flag(c, "dry-run")};
  emend_feedback_list *list = NULL;
  emend_error err;
  if (emend_feedback_bulk_verify(c->engine, &opt, &list, &err)) return cli_failed(&err);
  return print_list(c, list);
}

static int run_queue(cli *c) {
  emend_review_queue *queue = NULL;
  emend_error err;
  if (emend_reviews(c->engine, cli_value(c, "source"), &queue, &err)) return cli_failed(&err);
  int code = EXIT_DONE;
  if (cli_flag(c, "json")) {
    code = cli_print_json(emend_review_queue_json(queue));
  } else {
    if (queue->n == 0) puts("nothing waits for review");
    for (size_t i = 0; i < queue->n; i++) {
      const emend_review *r = &queue->items[i];
      print_styled(stdout, c->color, BOLD, r->question);
      printf("\n  %s: impact %.1f, asked %lld time%s, feedback of %zu %s%s\n", r->source, r->impact,
             (long long)r->asked, r->asked == 1 ? "" : "s", r->people,
             r->people == 1 ? "person" : "people",
             r->contradiction ? ", which contradicts itself" : "");
      for (size_t k = 0; k < r->n; k++) {
        print_short(c, &r->items[k]);
        print_pair(&r->items[k]);
        print_said(&r->items[k]);
      }
    }
  }
  emend_review_queue_free(queue);
  return code;
}

static int run_feedback(cli *c) {
  static const cli_verb verbs[] = {
      {"add", run_add},       {"list", run_list},     {"show", run_show},
      {"verify", run_verify}, {"reject", run_reject}, {"apply", run_apply},
      {"edit", run_edit},     {"queue", run_queue},   {"bulk-verify", run_bulk}};
  return cli_run_verb(c, verbs, sizeof verbs / sizeof *verbs);
}

static const char *const options[] = {"db",      "state",   "answer",  "question", "sql",  "rating",
                                      "comment", "reason",  "user",    "by",       "note", "status",
                                      "source",  "dry-run", "weights", "json",     NULL};
const cli_command feedback_command = {
    .name = "feedback",
    .usage =
        "add (--answer ID | --question Q) [--sql SQL] [--rating 1..5] [OPTION]... |\n"
        "                      list | show ID | queue | verify ID... | apply ID... | "
        "reject ID... | edit ID |\n                      bulk-verify [ID...] [--dry-run]",
    .about = "correct an answer; review corrections",
    .more =
        "A corrected SQL is checked and run before it is kept. Verifying applies it too, when it\n"
        "is rated 4 at least (or not at all), gives another result, and contradicts nothing.\n"
        "bulk-verify leaves what has a doubt to a closer look: the judge suspects the correction\n"
        "and not what it replaces, or most of what this person said was turned down, and one\n"
        "person alone says it.",
    .options = options,
    .run = run_feedback};
