/* What the commands share among themselves. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli.h"

extern const cli_command judge_command, eval_command, source_command;
extern const cli_command finalize_command, finalized_command, confirm_command;
extern const cli_command feedback_command, examples_command, privacy_command;

/** A word after a command that says what to do. */
typedef struct cli_verb {
  const char *name;
  int (*run)(cli *c);
} cli_verb;
/** Opens the engine and does what the first argument says. */
int cli_run_verb(cli *c, const cli_verb *verbs, size_t n);
extern const cli_command learn_command;

/** --timeout, --max-rows and the rest. False after saying what is wrong. */
bool read_ask_options(const cli *c, emend_ask_options *out);

typedef struct progress {
  bool on;
  double began, drawn;
} progress;

/** On a clock that never goes back. */
double seconds_now(void);

#endif
