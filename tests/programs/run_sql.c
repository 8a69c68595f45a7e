/* run_sql FILE SQL [hold]: runs SQL on a SQLite file, creating it. With "hold" it then prints
 * "ready" and keeps the connection, and any open transaction, until standard input ends. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
  if (argc < 3 || (argc > 3 && strcmp(argv[3], "hold") != 0)) {
    fprintf(stderr, "usage: run_sql FILE SQL [hold]\n");
    return 2;
  }
  sqlite3 *db = NULL;
  int rc = sqlite3_open(argv[1], &db);
  if (rc == SQLITE_OK) rc = sqlite3_exec(db, argv[2], NULL, NULL, NULL);
  if (rc != SQLITE_OK) fprintf(stderr, "run_sql: %s\n", sqlite3_errmsg(db));
  if (rc == SQLITE_OK && argc > 3) {
    puts("ready");
    fflush(stdout);
    while (getchar() != EOF) continue;
  }
  sqlite3_close(db);
  return rc == SQLITE_OK ? 0 : 1;
}
