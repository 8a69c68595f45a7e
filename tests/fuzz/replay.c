/* A main() for a fuzz target in builds without libFuzzer: runs it over every file of
 * the folders given, so that inputs which once crashed stay tested everywhere. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LARGEST_INPUT = 1 << 20 };

static int replay_file(const char *path) {
  FILE *f = fopen(path, "rb");
  if (!f) {
    fprintf(stderr, "cannot read %s\n", path);
    return -1;
  }
  /* The exact size is allocated, so that a sanitizer sees a read past the end. */
  static uint8_t block[LARGEST_INPUT];
  size_t n = fread(block, 1, sizeof block, f);
  fclose(f);
  uint8_t *exact = malloc(n ? n : 1);
  if (!exact) return -1;
  memcpy(exact, block, n);
  LLVMFuzzerTestOneInput(exact, n);
  free(exact);
  return 0;
}

int main(int argc, char **argv) {
  int ran = 0;
  for (int i = 1; i < argc; i++) {
    DIR *dir = opendir(argv[i]);
    if (!dir) {
      fprintf(stderr, "cannot open the folder %s\n", argv[i]);
      return 1;
    }
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
      char path[4096];
      if (e->d_name[0] == '.') continue;
      int n = snprintf(path, sizeof path, "%s/%s", argv[i], e->d_name);
      if (n < 0 || (size_t)n >= sizeof path || replay_file(path) != 0) {
        closedir(dir);
        return 1;
      }
      ran++;
    }
    closedir(dir);
  }
  printf("%d inputs replayed\n", ran);
  return ran > 0 ? 0 : 1;
}
