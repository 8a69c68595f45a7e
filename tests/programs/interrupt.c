/* interrupt MS COMMAND…: runs COMMAND, sends it SIGINT after MS milliseconds, and prints
 * "STATUS MILLISECONDS": its exit code (128 + the signal if one killed it) and how long it
 * still ran. Says "early STATUS" when it had ended by itself. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  long wait_ms = strtol(argv[1], NULL, 10);
  struct timespec pause = {wait_ms / 1000, wait_ms % 1000 * 1000000};
  pid_t child = fork();
  if (child < 0) return 3;
  if (child == 0) {
    signal(SIGINT, SIG_DFL); /* a shell's background jobs ignore it otherwise */
    execvp(argv[2], argv + 2);
    _exit(127);
  }
  nanosleep(&pause, NULL);
  int status;
  if (waitpid(child, &status, WNOHANG) == child) {
    printf("early %d\n", code_of(status));
    return 0;
  }
  double sent = now_ms();
  kill(child, SIGINT);
  waitpid(child, &status, 0);
  printf("%d %.0f\n", code_of(status), now_ms() - sent);
  return 0;
}
