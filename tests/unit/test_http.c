/* http: one transfer against a real server on the loopback: bodies, caps, clocks, busy servers. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/http.h"
#include "support/memory.h"

/* ---- a server that says what it was told to, one connection after the other ---- */

enum { MOST_TURNS = 6, ROOM = 4096 };

typedef struct served {
  const char *turns[MOST_TURNS]; /* whole answers, head and body; NULL: the last again */
  bool holds;                    /* keeps the connection open when it has said its part */
  char got[MOST_TURNS][ROOM];
  atomic_int n;
  int listening;
  atomic_bool ends;
  pthread_t thread;
  char url[64];
} served;

static void wait_for_end(served *s, int fd) {
  char rest[64];
  while (!atomic_load(&s->ends)) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (poll(&p, 1, 5) > 0 && read(fd, rest, sizeof rest) <= 0) return;
  }
}

static void serve_one(served *s, int fd) {
  int turn = atomic_load(&s->n), last = turn;
  char *to = s->got[turn < MOST_TURNS ? turn : MOST_TURNS - 1];
  size_t n = 0;
  ssize_t more = 1;
  while (more > 0 && n < ROOM - 1 && !strstr(to, "\r\n\r\n")) {
    more = read(fd, to + n, ROOM - 1 - n);
    if (more > 0) n += (size_t)more;
    to[n] = 0;
  }
  while (last > 0 && !s->turns[last]) last--;
  atomic_fetch_add(&s->n, 1);
  const char *said = s->turns[last];
  if (write(fd, said, strlen(said)) < 0) return;
  if (s->holds) wait_for_end(s, fd);
}

static void *serve(void *ctx) {
  served *s = ctx;
  while (!atomic_load(&s->ends)) {
    struct pollfd p = {.fd = s->listening, .events = POLLIN};
    if (poll(&p, 1, 5) <= 0) continue;
    int fd = accept(s->listening, NULL, NULL);
    if (fd < 0) continue;
    serve_one(s, fd);
    shutdown(fd, SHUT_WR);
    close(fd);
  }
  return NULL;
}

static void begin(served *s) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof at;
  s->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(bind(s->listening, (struct sockaddr *)&at, size), 0);
  assert_int_equal(listen(s->listening, 8), 0);
  assert_int_equal(getsockname(s->listening, (struct sockaddr *)&at, &size), 0);
  snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d/x", ntohs(at.sin_port));
  assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void end(served *s) {
  atomic_store(&s->ends, true);
  pthread_join(s->thread, NULL);
  close(s->listening);
}

static emend_error err;

#define HEAD(status, length) "HTTP/1.1 " status "\r\nContent-Length: " length "\r\n\r\n"

/* ---- what comes back ---- */

static void a_body_comes_back_with_its_status(void **state) {
  (void)state;
  served s = {.turns = {"HTTP/1.1 200 OK\r\nServer: tiny/1\r\nContent-Length: 2\r\n\r\nok",
                        HEAD("404 Not Found", "4") "gone"}};
  http_response r;
  begin(&s);
  http_request req = {.url = s.url};
  assert_int_equal(http_send(&req, mem, &r, &err), EMEND_OK);
  assert_int_equal(r.status, 200);
  assert_true(str_eq(r.body, STR("ok")));
  assert_string_equal(r.server, "tiny/1");
  assert_int_equal(r.tries, 1);
  assert_int_equal(http_send(&req, mem, &r, &err), EMEND_OK);
  assert_int_equal(r.status, 404);
  assert_true(str_eq(r.body, STR("gone")));
  end(&s);
}

static void a_body_is_posted_as_json_with_the_key(void **state) {
  (void)state;
  served s = {.turns = {HEAD("200 OK", "0")}};
  http_response r;
  begin(&s);
  http_request req = {.url = s.url, .key = "k-1", .body = STR("{\"a\":1}")};
  assert_int_equal(http_send(&req, mem, &r, &err), EMEND_OK);
  assert_true(strncmp(s.got[0], "POST /x HTTP/1.1", 16) == 0);
  assert_non_null(strstr(s.got[0], "Authorization: Bearer k-1\r\n"));
  assert_non_null(strstr(s.got[0], "Content-Type: application/json\r\n"));
  assert_null(strstr(s.got[0], "Expect:"));
  req = (http_request){.url = s.url};
  assert_int_equal(http_send(&req, mem, &r, &err), EMEND_OK);
  assert_true(strncmp(s.got[1], "GET /x", 6) == 0);
  assert_null(strstr(s.got[1], "Authorization"));
  end(&s);
}

static void a_redirect_is_told_and_not_followed(void **state) {
  (void)state;
  served s = {.turns = {"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/steal\r\n"
                        "Content-Length: 0\r\n\r\n"}};
  http_response r;
  begin(&s);
  http_request req = {.url = s.url, .key = "k-1"};
  assert_int_equal(http_send(&req, mem, &r, &err), EMEND_OK);
  assert_int_equal(r.status, 302);
  assert_string_equal(r.location, "http://127.0.0.1:1/steal");
  assert_int_equal(atomic_load(&s.n), 1);
  end(&s);
}

/* ---- caps ---- */

static void no_more_is_read_than_allowed(void **state) {
  (void)state;
  served s = {.turns = {HEAD("200 OK", "10") "0123456789"}};
  http_response r;
  begin(&s);
  http_request req = {.url = s.url, .max_bytes = 4};
  assert_int_equal(http_send(&req, mem, &r, &err), EMEND_OK);
  assert_true(r.full);
  assert_true(str_eq(r.body, STR("0123")));
  end(&s);
}

static void a_body_that_breaks_off_is_marked(void **state) {
  (void)state;
  served s = {.turns = {HEAD("200 OK", "100") "half"}};
  http_response r;
  begin(&s);
  http_request req = {.url = s.url};
  assert_int_equal(http_send(&req, mem, &r, &err), EMEND_OK);
  assert_true(r.broken_off);
  assert_true(str_eq(r.body, STR("half")));
  end(&s);
}

typedef struct taken {
  size_t n;
  http_next next;
} taken;

static http_next take(void *ctx, str piece) {
  taken *t = ctx;
  t->n += piece.len;
  return t->next;
}

static void a_receiver_may_stop_when_it_has_enough(void **state) {
  (void)state;
  served s = {.turns = {HEAD("200 OK", "1000") "enough"}, .holds = true};
  http_response r;
  taken t = {.next = HTTP_STOP};
  begin(&s);
  http_request req = {.url = s.url, .on_data = take, .ctx = &t};
  assert_int_equal(http_send(&req, mem, &r, &err), EMEND_OK);
  assert_int_equal(t.n, 6);
  assert_int_equal(r.body.len, 0);
  assert_false(r.broken_off);
  end(&s);
}

static void a_refusal_is_kept_for_whoever_receives_pieces(void **state) {
  (void)state;
  served s = {.turns = {HEAD("500 Oops", "3") "why"}};
  http_response r;
  taken t = {.next = HTTP_MORE};
  begin(&s);
  http_request req = {.url = s.url, .on_data = take, .ctx = &t};
  assert_int_equal(http_send(&req, mem, &r, &err), EMEND_OK);
  assert_int_equal(t.n, 0);
  assert_true(str_eq(r.body, STR("why")));
  end(&s);
}

/* ---- clocks ---- */

static void a_server_that_says_nothing_is_left(void **state) {
  (void)state;
  served s = {.turns = {""}, .holds = true};
  http_response r;
  begin(&s);
  http_request req = {.url = s.url, .first_ms = 60};
  assert_int_equal(http_send(&req, mem, &r, &err), EMEND_ETIMEOUT);
  assert_non_null(strstr(err.msg, "did not begin to answer"));
  end(&s);
}

static void silence_in_the_middle_is_not_waited_out(void **state) {
  (void)state;
  served s = {.turns = {HEAD("200 OK", "100") "half"}, .holds = true};
  http_response r;
  begin(&s);
  http_request req = {.url = s.url, .first_ms = 60e3, .idle_ms = 60};
  assert_int_equal(http_send(&req, mem, &r, &err), EMEND_ETIMEOUT);
  assert_non_null(strstr(err.msg, "fell silent"));
  end(&s);
}

static void what_is_of_no_worth_does_not_wind_the_clock(void **state) {
  (void)state;
  served s = {.turns = {HEAD("200 OK", "100") ": keep-alive"}, .holds = true};
  http_response r;
  taken t = {.next = HTTP_EMPTY};
  begin(&s);
  http_request req = {.url = s.url, .first_ms = 60, .idle_ms = 60e3, .on_data = take, .ctx = &t};
  assert_int_equal(http_send(&req, mem, &r, &err), EMEND_ETIMEOUT);
  assert_non_null(strstr(err.msg, "did not begin to answer"));
  assert_true(t.n > 0);
  end(&s);
}

static void the_deadline_of_the_whole_is_kept(void **state) {
  (void)state;
  served s = {.turns = {""}, .holds = true};
  http_response r;
  begin(&s);
  http_request req = {.url = s.url, .deadline_ms = clock_ms() + 60};
  assert_int_equal(http_send(&req, mem, &r, &err), EMEND_ETIMEOUT);
  assert_non_null(strstr(err.msg, "time allowed"));
  end(&s);
}

static void whoever_said_stop_is_obeyed(void **state) {
  (void)state;
  served s = {.turns = {HEAD("503 Busy", "0")}, .holds = true};
  atomic_uint cancels = 1;
  http_response r;
  begin(&s);
  http_request req = {.url = s.url, .cancels = &cancels};
  assert_int_equal(http_send(&req, mem, &r, &err), EMEND_ECANCELED);
  end(&s);
}

/* ---- busy servers ---- */

static void a_busy_server_is_asked_again(void **state) {
  (void)state;
  served s = {.turns = {HEAD("503 Busy", "0"), HEAD("200 OK", "2") "ok"}};
  http_response r;
  begin(&s);
  http_request req = {.url = s.url};
  assert_int_equal(http_send(&req, mem, &r, &err), EMEND_OK);
  assert_int_equal(r.tries, 2);
  assert_true(str_eq(r.body, STR("ok")));
  end(&s);
}

static void one_that_stays_busy_is_given_up(void **state) {
  (void)state;
  served s = {.turns = {HEAD("429 Slow down", "0")}};
  http_response r;
  begin(&s);
  http_request req = {.url = s.url, .tries = 1};
  assert_int_equal(http_send(&req, mem, &r, &err), EMEND_EBUSY);
  assert_non_null(strstr(err.msg, "stayed busy"));
  end(&s);
}

static void a_longer_wait_than_there_is_time_is_not_begun(void **state) {
  (void)state;
  served s = {.turns = {"HTTP/1.1 429 Slow down\r\nRetry-After: 100\r\nContent-Length: 0\r\n\r\n"}};
  http_response r;
  begin(&s);
  http_request req = {.url = s.url, .deadline_ms = clock_ms() + 30e3};
  assert_int_equal(http_send(&req, mem, &r, &err), EMEND_EBUSY);
  assert_non_null(strstr(err.msg, "asks to wait longer"));
  assert_int_equal(r.tries, 1);
  end(&s);
}

/* ---- no server ---- */

static void what_cannot_be_reached_is_said_so(void **state) {
  (void)state;
  served s = {.turns = {HEAD("200 OK", "0")}};
  http_response r;
  begin(&s);
  end(&s); /* its port is closed now */
  http_request req = {.url = s.url};
  assert_int_equal(http_send(&req, mem, &r, &err), EMEND_EIO);
  assert_non_null(strstr(err.msg, "nothing answers at"));
  req.url = "ftp://127.0.0.1/x";
  assert_int_equal(http_send(&req, mem, &r, &err), EMEND_EUSAGE);
  assert_non_null(strstr(err.msg, "is not an http:// or https:// address"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_body_comes_back_with_its_status),
      cmocka_unit_test(a_body_is_posted_as_json_with_the_key),
      cmocka_unit_test(a_redirect_is_told_and_not_followed),
      cmocka_unit_test(no_more_is_read_than_allowed),
      cmocka_unit_test(a_body_that_breaks_off_is_marked),
      cmocka_unit_test(a_receiver_may_stop_when_it_has_enough),
      cmocka_unit_test(a_refusal_is_kept_for_whoever_receives_pieces),
      cmocka_unit_test(a_server_that_says_nothing_is_left),
      cmocka_unit_test(silence_in_the_middle_is_not_waited_out),
      cmocka_unit_test(what_is_of_no_worth_does_not_wind_the_clock),
      cmocka_unit_test(the_deadline_of_the_whole_is_kept),
      cmocka_unit_test(whoever_said_stop_is_obeyed),
      cmocka_unit_test(a_busy_server_is_asked_again),
      cmocka_unit_test(one_that_stays_busy_is_given_up),
      cmocka_unit_test(a_longer_wait_than_there_is_time_is_not_begun),
      cmocka_unit_test(what_cannot_be_reached_is_said_so),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
