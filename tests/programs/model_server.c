/* model_server PORT_FILE RIGHT WRONG [WORDS [KEY]]: tests/support/model_server.h as a program. Its
 * port is written to PORT_FILE; what it was sent, to PORT_FILE.received when it is told to end. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/model_server.h"

int main(int argc, char **argv) {
  if (argc < 4)
    return fprintf(stderr, "usage: model_server PORT_FILE RIGHT WRONG [WORDS [KEY]]\n"), 2;
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, NULL);
  model_server_options opt = {.right = argv[2],
                              .wrong = argv[3],
                              .words = argc > 4 && argv[4][0] ? argv[4] : NULL,
                              .key = argc > 5 ? argv[5] : NULL};
  model_server *s = model_server_start(&opt);
  FILE *f = s ? fopen(argv[1], "w") : NULL;
  if (!f) return perror("model_server"), 3;
  fprintf(f, "%d\n", model_server_port(s));
  fclose(f);
  int which;
  sigwait(&ends, &which);
  char path[4096], *all = model_server_received(s);
  snprintf(path, sizeof path, "%s.received", argv[1]);
  f = fopen(path, "w");
  if (f && all) fputs(all, f);
  if (f) fclose(f);
  free(all);
  model_server_stop(s);
  return 0;
}
