/* The intermediate representation between SQL and the network: a prefix sequence of typed
 * tokens and pointers to columns, tables and value candidates, under a stack grammar (ir.def).
 *
 *   SELECT singer.name WHERE GT singer.age [20] ORDER_DESC singer.age LIMIT V_ONE END
 *
 * FROM is not written: it follows from the tables that are mentioned, by the cheapest tree of
 * foreign keys; only what that tree would get wrong is (FROM, LEFT, VIA, ON). Aliases are gone,
 * ordinals are their expressions, x IN (a, b) is OR of EQ, a column that refers to a joined key is
 * that key, counting what is never NULL counts rows. A compound's ORDER BY and LIMIT stand in its
 * last query. A nested query has a FROM of its own. */
#ifndef MODEL_IR_H
#define MODEL_IR_H

#include "catalog/catalog.h"
#include "sql/sql.h"

enum { IR_VERSION = 1, IR_MAX_STEPS = 64 };

typedef enum ir_token {
#define IR_TOKEN(name, class, then, arg1, arg2, arg3) IR_##name,
#include "model/ir.def"
  IR_N_TOKENS
} ir_token;

typedef enum ir_state {
#define IR_STATE(name, least, classes) IR_S_##name,
#include "model/ir.def"
  IR_N_STATES
} ir_state;

typedef enum ir_kind { IR_STEP_TOKEN, IR_STEP_COLUMN, IR_STEP_TABLE, IR_STEP_VALUE } ir_kind;

/** What a state chooses among: the tokens, then the three kinds of pointers. */
enum {
  IR_ALT_COLUMN = IR_N_TOKENS,
  IR_ALT_TABLE,
  IR_ALT_VALUE,
  IR_N_ALTERNATIVES /* T + 3 */
};

typedef struct ir_step {
  uint8_t kind; /* ir_kind */
  int32_t id;   /* token id, catalog column id, catalog table id, or index of a value candidate */
} ir_step;

/** A whole sequence, or the beginning of one. */
typedef struct ir_seq {
  int n;
  ir_step steps[IR_MAX_STEPS];
} ir_seq;

/* ---- grammar ---- */

/** Where in the grammar a sequence stands. A plain value: copy it freely for beams. */
typedef struct ir_automaton {
  uint8_t stack[IR_MAX_STEPS]; /* ir_state; the top is the last */
  uint8_t depth;
  uint8_t read;  /* steps so far */
  uint8_t least; /* the fewest steps that still bring it to its end */
} ir_automaton;

void ir_start(ir_automaton *m);
/** IR_S_DONE when the sequence is whole. */
ir_state ir_current(const ir_automaton *m);
static inline bool ir_done(const ir_automaton *m) { return m->depth == 0; }

/** The row of the mask table: may `state` take this token (or, from IR_N_TOKENS, this kind of
 *  pointer: IR_ALT_*)? */
bool ir_allowed(ir_state state, int alternative);
/** As ir_allowed for where `m` stands, and the sequence can still end within IR_MAX_STEPS. */
bool ir_can(const ir_automaton *m, int alternative);
/** Read one step. False, and *m unchanged, when the grammar does not allow it. Ids of pointers are
 *  not looked at. */
bool ir_advance(ir_automaton *m, ir_step step);
/** The mask table, row by row, 1 where ir_allowed. */
void ir_mask_table(uint8_t out[IR_N_STATES][IR_N_ALTERNATIVES]);

const char *ir_token_name(ir_token t);
const char *ir_state_name(ir_state s);
/** The alternative that a step takes: its token id, or IR_ALT_*. */
int ir_alternative(ir_step step);

static inline ir_step ir_tok(ir_token t) { return (ir_step){IR_STEP_TOKEN, (int32_t)t}; }
bool ir_equal(const ir_seq *x, const ir_seq *y);

/* ---- value candidates ---- */

typedef struct ir_spelling {
  int column; /* catalog column id */
  str text;   /* how that column stores it */
} ir_spelling;

/** One value that the question (or a query) mentions. */
typedef struct ir_value {
  str text; /* as it stands there */
  bool is_number;
  double number;
  ir_spelling *spellings;
  int n_spellings;
} ir_value;
typedef VEC(ir_value) ir_values;

/** The sequence as one line of text, for people: names from `cat`, values in brackets.
 *  {NULL,0} when out of memory. */
str ir_print(const ir_seq *s, const catalog *cat, const ir_value *values, size_t n_values,
             arena *a);

/* ---- SQL ---- */

typedef struct ir_reading {
  bool ok;            /* `seq` says what the query says (but for unknown values) */
  const char *reason; /* why not, when !ok; static text */
  ir_seq seq;
  int n_unknown; /* literals that no candidate is: V_UNKNOWN in `seq` */
} ir_reading;

/**
 * SQL to IR. `q` is bound to `cat` (check_bind). What the IR cannot say is not an error: `out->ok`
 * is false and `out->reason` says what. Queries that differ only in aliases, in the spelling of
 * names, in the order of FROM or in ordinals give the same sequence.
 *
 * NULL:    `values` may be NULL when n_values is 0.
 * Threads: `cat` may be shared; scratch memory is taken from `a`.
 * Returns: EMEND_OK, EMEND_ENOMEM.
 */
emend_rc ir_from_sql(const sql_query *q, const catalog *cat, const ir_value *values,
                     size_t n_values, arena *a, ir_reading *out, emend_error *err);

/**
 * As ir_from_sql, with the query's own literals for candidates: *values becomes them, each once and
 * without spellings. Every literal but LIMIT 1 and the empty text is one.
 *
 * Owns:    values->items lives in `a`, points into `q`.
 */
emend_rc ir_from_sql_alone(const sql_query *q, const catalog *cat, arena *a, ir_values *values,
                           ir_reading *out, emend_error *err);

typedef struct ir_writing {
  sql_query *query;   /* NULL: not expressible, see `reason` */
  const char *reason; /* static text */
  int n_tables;       /* table instances in all FROMs */
  int n_inferred;     /* joins on keys that nobody declared */
  int n_cross;        /* tables that nothing connects: a cross join */
  int n_guessed;      /* values chosen for V_TRUE, V_FALSE or V_UNKNOWN without evidence */
} ir_writing;

/**
 * IR to SQL, in the dialect of `cat`. A sequence that is not grammatical, not whole, or holds an id
 * that does not exist gives query NULL and the reason.
 *
 * Owns:    the tree lives in `a`, points into `cat` and `values`.
 * Returns: EMEND_OK, EMEND_ENOMEM.
 */
emend_rc ir_to_sql(const ir_seq *s, const catalog *cat, const ir_value *values, size_t n_values,
                   arena *a, ir_writing *out, emend_error *err);

#endif
