/* What the commands share among themselves. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli.h"

extern const cli_command judge_command, source_command;
extern const cli_command finalize_command, finalized_command, confirm_command;

/** --timeout, --max-rows and the rest. False after saying what is wrong. */
bool read_ask_options(const cli *c, emend_ask_options *out);

typedef struct progress {
  bool on;
  double began, drawn;
} progress;

/** On a clock that never goes back. */
double seconds_now(void);

#endif
