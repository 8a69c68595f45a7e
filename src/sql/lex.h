/* Tokens as the parser wants them: with the keyword and the operator already recognised, and
 * their text decoded. Internal to sql/; sql_next_token is the public face. */
#ifndef SQL_LEX_H
#define SQL_LEX_H

#include "sql/dialect.h"

/** Up to four operator characters packed into a number, for `switch`. */
#define OP1(a) ((uint32_t)(unsigned char)(a))
#define OP2(a, b) (OP1(a) | OP1(b) << 8)
#define OP3(a, b, c) (OP2(a, b) | OP1(c) << 16)
#define OP4(a, b, c, d) (OP3(a, b, c) | OP1(d) << 24)

typedef struct sql_lexeme {
  sql_token token;
  sql_word word; /* of SQL_TOK_WORD */
  uint32_t op;   /* of SQL_TOK_OP, packed; 0 when longer than four characters */
} sql_lexeme;

sql_lexeme sql_next_lexeme(str text, const sql_dialect *d, size_t *pos);

/** What a quoted name or a string stands for: prefix and quotes off, doubled quotes single,
 *  backslashes undone where the dialect reads them. {NULL,0} when out of memory. */
str sql_decode_token(const sql_token *t, const sql_dialect *d, arena *a);

#endif
