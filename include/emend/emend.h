/* emend: a question in plain language in, checked SQL and its answer out.
 *
 * The one public header. Everything else (the command line, a server, your own
 * program) stands on what is declared here.
 *
 *   emend_engine *e;
 *   emend_answer *a;
 *   emend_error err;
 *   if (emend_open(NULL, &e, &err) || emend_source_add(e, "shop=shop.sqlite", &err) ||
 *       emend_ask(e, "How many customers are there?", NULL, &a, &err))
 *     return fprintf(stderr, "%s\n", err.msg), 1;
 *   puts(a->text);
 *   emend_answer_free(a);
 *   emend_close(e);
 *
 * Text is UTF-8, NUL-terminated, and never freed by the caller unless a comment
 * says so. What a call hands out in `*out` belongs to the caller until the
 * matching *_free; the pointers inside it live as long as it does. `err` may be
 * NULL everywhere. One engine serves many threads at once; what it hands out
 * belongs to the thread that asked.
 *
 * A wrong query, an unanswerable question or a refused request is not an error:
 * the call returns EMEND_OK and the answer or report says what was found. An
 * error means that the work could not be done: a missing file, a broken
 * database, no memory.
 */
#ifndef EMEND_H
#define EMEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define EMEND_API __attribute__((visibility("default")))
#else
#define EMEND_API
#endif

#define EMEND_VERSION "0.1.0"

/** What a call came to. Detail is in the `emend_error` that the call fills. */
typedef enum emend_rc {
  EMEND_OK = 0,
  EMEND_ENOMEM,    /* memory is exhausted, or an arena has reached its cap */
  EMEND_EUSAGE,    /* the caller's arguments make no sense */
  EMEND_ENOTFOUND, /* a named thing (file, source, answer) is not there */
  EMEND_EIO,       /* reading or writing failed */
  EMEND_EFORMAT,   /* a file or message is not what it claims to be */
  EMEND_EDB,       /* the database asked answered with an error */
  EMEND_EBUSY,     /* locked by another process, or a server is busy */
  EMEND_ETIMEOUT,  /* the time allowed ran out */
  EMEND_ECANCELED, /* `emend_cancel` or Ctrl-C */
  EMEND_ELIMIT,    /* a row, memory, depth or length cap was reached */
  EMEND_EREFUSED,  /* unsafe, or not a question that a SELECT can answer */
  EMEND_EVERSION,  /* written by a newer or incompatible version */
  EMEND_EINTERNAL  /* a bug of ours; please report it */
} emend_rc;

/** Why a call failed. Plain data: copy it freely. */
typedef struct emend_error {
  emend_rc code;
  char stage[24]; /* "open", "retrieve", "generate", "check", "execute", … */
  int64_t pos;    /* byte offset in the SQL or file, or -1 */
  char msg[512];  /* one line that says what happened and what to do */
} emend_error;

/** The version of the library that runs, "0.1.0". */
EMEND_API const char *emend_version(void);

/** Frees a text that an emend_*_json call returned. NULL is harmless. */
EMEND_API void emend_free(void *text);

/* ---- the engine ------------------------------------------------------- */

typedef struct emend_engine emend_engine;

/** Zero (EMEND_OPTIONS_INIT) is the default of every field. */
typedef struct emend_options {
  const char *state;   /* path of the state database; NULL: $XDG_DATA_HOME/emend/state.sqlite */
  bool no_state;       /* remember nothing: no state database is read or written */
  const char *weights; /* the embedded network's weights; NULL: EMEND_MODEL, then where they ship */
  const char *backend; /* who writes SQL: NULL or "embedded", "ollama", "openai" */
  const char *model;   /* the server's; NULL: OPENAI_MODEL, else the only one it has. The embedded
                          one has none to choose */
  const char *answer_model; /* puts results in words; NULL: the same model */
  const char *server;       /* its address; NULL: OLLAMA_HOST or OPENAI_BASE_URL, else where such a
                               server mostly is */
  const char *api_key;      /* sent to that server alone; NULL: OPENAI_API_KEY for "openai" */
  size_t context_tokens;    /* prompt and reply together; 0: 8192, or what the model has if less */
  double connect_s, first_token_s, idle_s; /* how long a server may stay silent; 0: 5, 60, 20 */
  const char *embed_model; /* the server's that finds similar questions; NULL: the network does */
} emend_options;
#define EMEND_OPTIONS_INIT {0}

/**
 * Make an engine. Weights, databases and the state are opened when first needed.
 *
 * Owns:    *out is the caller's, until emend_close.
 * NULL:    `opt` NULL means all defaults.
 * Returns: EMEND_OK; EMEND_EUSAGE for a back end that this version has not, or where the
 *          environment's EMEND_NOW is neither a day nor a time; EMEND_ENOMEM.
 */
EMEND_API emend_rc emend_open(const emend_options *opt, emend_engine **out, emend_error *err);

/** Writes what is still to be remembered, as emend_flush does, then frees all. No call may be
 *  running. NULL is harmless. */
EMEND_API void emend_close(emend_engine *e);

/** Puts the history of questions on disk now (it is otherwise written within 100 ms, and by
 *  emend_close, which cannot report a failure), and finds out whether corrections changed the
 *  answers since the last flush, by asking again without them. Another process that writes to the
 *  state is waited for a second at most: EMEND_EBUSY then, and the history stays to be written.
 *  What people decide (confirming, correcting, …) is no part of it: it is on disk when its call
 *  returns. */
EMEND_API emend_rc emend_flush(emend_engine *e, emend_error *err);

/**
 * End whatever runs in `e` now; those calls return EMEND_ECANCELED.
 *
 * Threads: any, and signal handlers. Not while emend_close runs.
 */
EMEND_API void emend_cancel(emend_engine *e);

/* ---- sources: the databases that questions are asked of ---------------
 *
 * Every call that is given a source's name fails with EMEND_ENOTFOUND where the engine has none of
 * that name; one that is given none and cannot tell which is meant, with EMEND_EUSAGE. */

/**
 * Add a source for the life of the engine. `spec` is "name=URL" or a bare URL
 * (then named after the file or database): a path, sqlite:PATH, or
 * schema:FILE#DB for a schema without a database (Spider's tables.json).
 * The database is opened read-only and nothing is left beside it.
 *
 * Returns: EMEND_OK; EMEND_EUSAGE for a name that is taken or an unknown kind of
 *          URL; EMEND_ENOTFOUND, EMEND_EFORMAT, EMEND_EIO, EMEND_EBUSY.
 */
EMEND_API emend_rc emend_source_add(emend_engine *e, const char *spec, emend_error *err);

/** As emend_source_add, and remembered in the state (password left out) for later engines. */
EMEND_API emend_rc emend_source_register(emend_engine *e, const char *spec, emend_error *err);

/** Adds every source that the state remembers; *n (may be NULL) is how many were added. */
EMEND_API emend_rc emend_source_add_registered(emend_engine *e, size_t *n, emend_error *err);

/** Forgets `name`, here and in the state, with its annotations. EMEND_ENOTFOUND when unknown. */
EMEND_API emend_rc emend_source_remove(emend_engine *e, const char *name, emend_error *err);

/** Reads the schema and its values again; *changed (may be NULL) tells whether the schema did.
 *  Questions in flight keep the snapshot that they began with. */
EMEND_API emend_rc emend_source_refresh(emend_engine *e, const char *name, bool *changed,
                                        emend_error *err);

/** What a person says about a table or column. */
typedef struct emend_annotation {
  const char *source, *table;
  const char *column;  /* NULL: about the table */
  const char *comment; /* NULL: as it was; "": none */
  int values_private;  /* 1: keep no value of this column anywhere; 0: allow again; -1: as it was */
  const char *user;    /* who says so; may be NULL */
} emend_annotation;

/** Remembers it in the state, for a registered source. EMEND_ENOTFOUND for an unknown one. */
EMEND_API emend_rc emend_source_annotate(emend_engine *e, const emend_annotation *annotation,
                                         emend_error *err);

typedef struct emend_source_info {
  const char *name, *url, *dialect; /* url without password; dialect NULL before it was opened */
  bool registered;                  /* remembered in the state */
} emend_source_info;

typedef struct emend_source_list {
  size_t n;
  const emend_source_info *items;
} emend_source_list;

/** The engine's sources and those that the state remembers, by name. Opens none of them. */
EMEND_API emend_rc emend_sources(emend_engine *e, emend_source_list **out, emend_error *err);
EMEND_API void emend_source_list_free(emend_source_list *list); /* NULL is harmless */
EMEND_API char *emend_source_list_json(const emend_source_list *list);

typedef struct emend_column {
  const char *name, *type, *comment;
  bool not_null, values_private;
  int primary_key;         /* place in the primary key from 1, or 0 */
  int64_t distinct, nulls; /* -1: not known */
  size_t n_samples;
  const char *const *samples; /* frequent values */
} emend_column;

typedef struct emend_table {
  const char *name, *comment;
  bool is_view;
  int64_t row_count; /* -1: not known */
  size_t n_columns;
  const emend_column *columns;
} emend_table;

/** from_table(from_columns) refers to to_table(to_columns). */
typedef struct emend_key {
  const char *from_table, *to_table;
  size_t n;
  const char *const *from_columns, *const *to_columns;
  bool inferred; /* guessed from names and types, not declared */
} emend_key;

typedef struct emend_schema {
  const char *source, *dialect;
  const char *version; /* changes when tables, columns, types or keys do */
  size_t n_tables, n_keys;
  const emend_table *tables;
  const emend_key *keys;
} emend_schema;

/** What is known of the source `name`. */
EMEND_API emend_rc emend_schema_read(emend_engine *e, const char *name, emend_schema **out,
                                     emend_error *err);
EMEND_API void emend_schema_free(emend_schema *schema); /* NULL is harmless */
EMEND_API char *emend_schema_json(const emend_schema *schema);

/* ---- functions that queries may call ---------------------------------- */

/**
 * Allow queries to call `name` ("st_distance", "billing.net_price") beside the functions that
 * emend knows of each database: your own, an extension's. You vouch that it only reads. What emend
 * knows to write, read files or sleep stays denied.
 *
 * Threads: any; questions already asked do not see it.
 * Returns: EMEND_OK, also when it is allowed already; EMEND_EUSAGE for what is no function's name;
 *          EMEND_ELIMIT past 1000 of them; EMEND_ENOMEM.
 */
EMEND_API emend_rc emend_function_allow(emend_engine *e, const char *name, emend_error *err);

/* ---- diagnostics: what is wrong with a query, as data ----------------- */

typedef enum emend_severity { EMEND_ERROR, EMEND_WARNING, EMEND_INFO } emend_severity;

/** Bytes [from, to) of the SQL. */
typedef struct emend_span {
  uint32_t from, to;
} emend_span;

typedef struct emend_suggestion {
  const char *text; /* to be put in the place of `span` */
  emend_span span;
  const char *why;
} emend_suggestion;

typedef struct emend_diagnostic {
  const char *code; /* "unknown_column", "empty_result", … */
  emend_severity severity;
  double weight; /* 1 if and only if it is an error */
  emend_span span;
  const char *message;
  const char *expected; /* may be NULL */
  size_t n_suggestions;
  const emend_suggestion *suggestions; /* best first */
} emend_diagnostic;

/* ---- asking ----------------------------------------------------------- */

typedef enum emend_status {
  EMEND_ANSWERED,
  EMEND_FINALIZED, /* a query that a person confirmed ran; no model was asked */
  EMEND_CONFIRM,   /* near to a confirmed question: "did you mean …?" */
  EMEND_REFUSED,   /* unsafe, a request to change data, or not answerable from this schema */
  EMEND_FAILED     /* attempts spent; each of them and its diagnostics are there */
} emend_status;

/** "answered", … : the name that the JSON uses. */
EMEND_API const char *emend_status_name(emend_status status);

/** One stage of the way to an answer. */
typedef struct emend_step {
  const char *stage; /* "retrieve", "generate", "check", "execute", "judge", "repair", … */
  double ms;
  const char *note;
} emend_step;

typedef enum emend_privacy { EMEND_PRIVACY_FULL, EMEND_PRIVACY_SCHEMA_ONLY } emend_privacy;

/** Zero (EMEND_ASK_OPTIONS_INIT) is the default of every field. */
typedef struct emend_ask_options {
  const char *source;    /* ask this one; NULL: the one that fits the question best */
  double timeout_s;      /* for the whole question; 0: 30; below 0: none */
  size_t max_rows;       /* 0: 1000 */
  int attempts;          /* generations in all; 0: 3, which is also the most */
  const char *user;      /* who asks, for the history; may be NULL */
  emend_privacy privacy; /* what a model server may see; the embedded one tells nobody */
  bool no_confirm;       /* never answer with EMEND_CONFIRM */
  bool no_learning;      /* as if nobody had corrected anything or given examples */
  /** Called after each stage, in the asking thread; not 0 cancels. May be NULL. */
  int (*on_step)(void *ctx, const emend_step *step);
  void *ctx;
} emend_ask_options;
#define EMEND_ASK_OPTIONS_INIT {0}

typedef enum emend_cell_kind {
  EMEND_CELL_NULL, EMEND_CELL_INT, EMEND_CELL_REAL, EMEND_CELL_TEXT, EMEND_CELL_BLOB,
  EMEND_CELL_BOOL
} emend_cell_kind;

typedef struct emend_cell {
  emend_cell_kind kind;
  int64_t i;        /* INT, BOOL */
  double r;         /* REAL */
  const char *text; /* TEXT, BLOB: `len` bytes and a NUL; numbers too wide for the above are TEXT */
  size_t len;
} emend_cell;

typedef struct emend_attempt {
  int n;
  const char *sql;
  const char *generator; /* "embedded", "repair", "correction", … */
  size_t n_diagnostics;
  const emend_diagnostic *diagnostics;
  double ms;
} emend_attempt;

/** A value of a confirmed query that this question changed. */
typedef struct emend_rebound {
  const char *slot; /* the column, or "limit" */
  const char *from, *to;
} emend_rebound;

typedef struct emend_provenance {
  const char *finalized_id; /* "fz_…": the confirmed question that this is; NULL: it is none */
  const char *confirmed_by, *confirmed_at; /* of it; who may be NULL */
  size_t n_rebound; /* above 0: a person confirmed the query with other values, not this one */
  const emend_rebound *rebound;
  size_t n_examples, n_corrections;
  const char *const *examples, *const *corrections; /* that had a part in it: "ex_…", "fb_…" */
  const char *model;          /* "embedded@emend-m1"; NULL when none was asked */
  const char *schema_version; /* NULL when no source was chosen */
  const char *time_zone;
  size_t n_tables, n_columns;
  const char *const *tables, *const *columns; /* read by the query: "table", "table.column" */
} emend_provenance;

/** "Did you mean …?": the confirmed question that this one is near to. */
typedef struct emend_candidate {
  const char *finalized_id, *question;
  const char *sql; /* with this question's values */
  size_t n_differs;
  const char *const *differs; /* what is not the same in both, in words */
} emend_candidate;

/** The correction that changed or confirmed an answer: "learned from your correction". */
typedef struct emend_lesson {
  const char *feedback_id, *question;
  const char *by; /* NULL: nobody said who they were */
  const char *when;
} emend_lesson;

/** Everything about one answer; read-only. Pointers may be NULL where a comment says so. */
typedef struct emend_answer {
  const char *id; /* "q_…": names it in the history, for feedback and confirmation */
  emend_status status;
  const char *question;
  const char *source, *dialect; /* NULL when no source was chosen */
  const char *sql;              /* what ran, or the last one tried; NULL: nothing was written */
  const char *text;             /* the answer, or the reason why there is none, as one sentence */
  double confidence;            /* 0..1 that the rows answer the question */

  bool has_rows; /* status is answered or finalized */
  size_t n_columns, n_rows;
  const char *const *columns, *const *types; /* [n_columns] */
  const emend_cell *cells;                   /* [n_rows * n_columns], row by row */
  bool truncated;                            /* more rows were there than max_rows */

  size_t n_attempts;
  const emend_attempt *attempts;
  size_t n_warnings;
  const emend_diagnostic *warnings; /* why this answer may be wrong */
  size_t n_steps;
  const emend_step *trace;
  emend_provenance provenance;
  const emend_lesson *learned_from; /* NULL: no correction changed or confirmed it */
  const emend_candidate *candidate; /* with EMEND_CONFIRM; otherwise NULL */
  double total_ms, llm_ms, db_ms;
} emend_answer;

/**
 * Ask `question`; the SQL is checked, run and judged before anyone sees it.
 *
 * Owns:    *out is the caller's, until emend_answer_free.
 * NULL:    `opt` NULL means all defaults.
 * Threads: any number at once on one engine.
 * Returns: EMEND_OK whatever the status; EMEND_EUSAGE without a source, EMEND_ENOTFOUND for an
 *          unknown one; EMEND_ECANCELED; what opening the source or the weights failed with.
 */
EMEND_API emend_rc emend_ask(emend_engine *e, const char *question, const emend_ask_options *opt,
                             emend_answer **out, emend_error *err);
EMEND_API void emend_answer_free(emend_answer *a); /* NULL is harmless */

/** The cell in `row` and `column`; NULL outside the result. */
EMEND_API const emend_cell *emend_answer_cell(const emend_answer *a, size_t row, size_t column);

/** The answer as one line of JSON. Owns: the caller, until emend_free. NULL when out of memory. */
EMEND_API char *emend_answer_json(const emend_answer *a);

/* ---- confirmed questions ----------------------------------------------- */

/** Zero (EMEND_FINALIZE_OPTIONS_INIT) is the default of every field. */
typedef struct emend_finalize_options {
  const char *answer;         /* confirm this answer's question and SQL ("q_…") … */
  const char *question, *sql; /* … or these; sql also corrects the answer's */
  const char *source;         /* for a question: NULL is the engine's only one */
  const char *user;           /* who confirms; may be NULL */
} emend_finalize_options;
#define EMEND_FINALIZE_OPTIONS_INIT {0}

/**
 * Confirm that this SQL answers this question: from now on it runs at once when the
 * question is asked again, in these or other words. It is checked and run first, and
 * on disk when the call returns. What was confirmed for the same question before goes.
 *
 * A yes by a named user to an answer that came with a warning (opt->answer without opt->sql) is
 * kept, and says in `review` that it waits: it runs once somebody else confirms the same.
 *
 * Owns:    *id ("fz_…") is the caller's, until emend_free; may be NULL.
 * Threads: any number at once.
 * Returns: EMEND_OK; EMEND_ENOTFOUND for an unknown answer or source; EMEND_EREFUSED for SQL
 *          that does not fit the database; what running it failed with.
 */
EMEND_API emend_rc emend_finalize(emend_engine *e, const emend_finalize_options *opt, char **id,
                                  emend_error *err);

/** A way to put a confirmed question, or one that it was said not to be. */
typedef struct emend_wording {
  const char *text, *by, *at; /* `by` may be NULL */
  bool refused;
} emend_wording;

typedef struct emend_finalized {
  const char *id, *source, *url, *dialect, *question, *sql;
  const char *by, *at, *answer_id;      /* who (may be NULL), when, from which answer (or NULL) */
  const char *schema_version, *profile; /* of its result when it was confirmed, as JSON */
  const char *review; /* why it must be looked at before it runs again; NULL: it runs */
  size_t n_wordings;
  const emend_wording *wordings;
} emend_finalized;

typedef struct emend_finalized_list {
  size_t n;
  const emend_finalized *items;
} emend_finalized_list;

/** The confirmed question `id`, or all of them (NULL), oldest first. EMEND_ENOTFOUND. */
EMEND_API emend_rc emend_finalized_read(emend_engine *e, const char *id, emend_finalized_list **out,
                                        emend_error *err);
EMEND_API void emend_finalized_list_free(emend_finalized_list *list); /* NULL is harmless */
EMEND_API char *emend_finalized_list_json(const emend_finalized_list *list);

/** Forgets it, with the words that it taught. EMEND_ENOTFOUND when unknown. */
EMEND_API emend_rc emend_finalized_remove(emend_engine *e, const char *id, emend_error *err);

/** All of them as text that people can read and change. Owns: the caller, until emend_free. */
EMEND_API emend_rc emend_finalized_export(emend_engine *e, char **out, emend_error *err);

/** Reads what emend_finalized_export wrote, all of it or nothing; each query is checked against
 *  its database, and one that does not fit waits for review. `source` (NULL: each its own) takes
 *  the place of the databases named in it. *n (may be NULL): how many. EMEND_EFORMAT says where. */
EMEND_API emend_rc emend_finalized_import(emend_engine *e, const char *text, const char *source,
                                          size_t *n, emend_error *err);

/**
 * Answer a "did you mean …?": yes runs the confirmed query and remembers the wording and
 * what its words stand for, no remembers that it was not meant. On disk before it returns.
 *
 * Owns:    *out (NULL for no) is the caller's, until emend_answer_free.
 * NULL:    `opt` NULL means all defaults; opt->user is who confirms.
 * Returns: EMEND_ENOTFOUND when `answer` asked nothing back, or the confirmed question is gone.
 */
EMEND_API emend_rc emend_confirm(emend_engine *e, const char *answer, bool yes,
                                 const emend_ask_options *opt, emend_answer **out,
                                 emend_error *err);

/* ---- checking --------------------------------------------------------- */

typedef struct emend_check_options {
  const char *source;  /* NULL: the only one, or the one of several that has the query's tables */
  const char *dialect; /* read the text in this dialect; NULL: the source's own */
} emend_check_options;
#define EMEND_CHECK_OPTIONS_INIT {0}

typedef struct emend_report {
  bool ok;   /* no error among the diagnostics */
  bool safe; /* one read-only statement, allowed functions only */
  size_t n_diagnostics, n_tables, n_columns, n_functions;
  const emend_diagnostic *diagnostics; /* all of them, in source order */
  const char *const *tables, *const *columns, *const *functions;
  const char *source, *dialect; /* that it was held against (NULL: none); that it was read in */
  const char *repaired; /* the SQL with every fault mended that has one best mend; NULL: none has */
} emend_report;

/** Check one statement against a source's schema, without touching its database again. */
EMEND_API emend_rc emend_check(emend_engine *e, const char *sql, const emend_check_options *opt,
                               emend_report **out, emend_error *err);
EMEND_API void emend_report_free(emend_report *report); /* NULL is harmless */
EMEND_API char *emend_report_json(const emend_report *report);

/* ---- judging ---------------------------------------------------------- */

typedef enum emend_band { EMEND_DELIVER, EMEND_WARN, EMEND_CORRECT } emend_band;

/** "deliver", "warn" or "correct". */
EMEND_API const char *emend_band_name(emend_band band);

typedef struct emend_judgement {
  double suspicion; /* 0..1 that the query does not answer the question */
  emend_band band;
  size_t n_signals;
  const emend_diagnostic *signals; /* what speaks against it, heaviest first */
} emend_judgement;

/** Does `sql` look like an answer to `question`? Runs it, read-only, where `source` (NULL: the
 *  engine's only one) has a database; judges the text alone where it has not. */
EMEND_API emend_rc emend_judge(emend_engine *e, const char *source, const char *question,
                               const char *sql, emend_judgement **out, emend_error *err);

/**
 * Judge every item of the JSON file `data`: a list of objects with question and sql
 * (or query), in order. With `schema` each is held against the schema FILE#db_id,
 * without one against the engine's only source.
 *
 * `on_item` gets item i's judgement, which it does not own; not 0 cancels.
 */
EMEND_API emend_rc emend_judge_each(emend_engine *e, const char *data, const char *schema,
                                    int (*on_item)(void *ctx, size_t i, const emend_judgement *j),
                                    void *ctx, emend_error *err);
EMEND_API void emend_judgement_free(emend_judgement *j); /* NULL is harmless */
EMEND_API char *emend_judgement_json(const emend_judgement *j);

/* ---- retrieving ------------------------------------------------------- */

typedef struct emend_hit {
  const char *source, *table, *column; /* NULL where the hit is of a higher kind */
  double score;
} emend_hit;

typedef struct emend_value_hit {
  const char *source, *table, *column;
  const char *text, *stored; /* as in the question; as in the database */
  emend_span span;           /* in the question */
  double score;
} emend_value_hit;

/** What a question is about, best first. */
typedef struct emend_ranking {
  size_t n_sources, n_tables, n_columns, n_values;
  const emend_hit *sources, *tables, *columns;
  const emend_value_hit *values;
} emend_ranking;

EMEND_API emend_rc emend_retrieve(emend_engine *e, const char *question, emend_ranking **out,
                                  emend_error *err);
EMEND_API void emend_ranking_free(emend_ranking *r); /* NULL is harmless */
EMEND_API char *emend_ranking_json(const emend_ranking *r);

/* ---- feedback: corrections that later answers learn from ------------- */

typedef enum emend_feedback_status {
  EMEND_FEEDBACK_PENDING,  /* taken in */
  EMEND_FEEDBACK_VERIFIED, /* a reviewer says that it is right */
  EMEND_FEEDBACK_APPLIED,  /* later answers learn from it */
  EMEND_FEEDBACK_REJECTED, /* final; what it taught was taken back */
  EMEND_FEEDBACK_REFUSED   /* only of what was just sent: nothing of it was kept */
} emend_feedback_status;

/** "pending", "verified", "applied", "rejected", "refused". */
EMEND_API const char *emend_feedback_status_name(emend_feedback_status status);

/** What a person says of an answer, or of what a question should have given. */
typedef struct emend_feedback_new {
  const char *answer;   /* "q_…": the answer that it is about; or … */
  const char *question; /* … the question */
  const char *source;   /* NULL: the answer's, or the engine's only one */
  const char *sql;      /* the corrected SQL; NULL: none */
  int rating;           /* 1 to 5, of the corrected SQL (of the answer, without one); 0: unsaid */
  const char *comment;  /* for the reviewer; shown to no model */
  const char *reason;   /* "wrong_column", …; NULL: unsaid */
  const char *user;     /* NULL: nobody in particular */
} emend_feedback_new;

typedef struct emend_trail {
  const char *at, *by, *from, *to, *note; /* by, from and note may be NULL */
} emend_trail;

/** One feedback as it stands. Texts that were not given are NULL. */
typedef struct emend_feedback {
  const char *id; /* "fb_…"; NULL: refused */
  emend_feedback_status status;
  const char *why; /* it was refused, was known already, or was not applied when verified */
  const char *source, *user, *answer, *question, *wrong_sql, *sql, *comment, *reason;
  const char *created_at, *updated_at;
  int rating;  /* 0: unsaid */
  int differs; /* do the two results? 1, 0; -1: not known */
  const char *wrong_result, *result; /* the first rows as JSON, for a reviewer */
  size_t n_faults;
  const emend_diagnostic *faults; /* of a refused SQL */
  size_t n_trail;
  const emend_trail *trail; /* who did what when, oldest first */
  int64_t shown, chosen, changed, confirmed; /* answers: it was before their writer; they are its
                                                query; they would be others without; and were
                                                confirmed by a person */
  const char *doubt; /* why a reviewer should look closer: the judge suspects the correction far
                        more than what it replaces; NULL: nothing speaks against it */
} emend_feedback;

/**
 * Take in feedback. Its SQL is checked and run, read-only, before this returns, and refused with
 * the faults when it has any. On disk when it returns.
 *
 * Owns:    *out is the caller's, until emend_feedback_free.
 * Returns: EMEND_OK also for refused feedback; EMEND_EUSAGE for what is none, or is too long;
 *          EMEND_ENOTFOUND for an unknown answer.
 */
EMEND_API emend_rc emend_feedback_add(emend_engine *e, const emend_feedback_new *what,
                                      emend_feedback **out, emend_error *err);
EMEND_API emend_rc emend_feedback_get(emend_engine *e, const char *id, emend_feedback **out,
                                      emend_error *err);
/**
 * Take a feedback to `to` (verified, applied or rejected), as the reviewer `by` says. Verifying
 * applies as well when it has SQL, is rated 4 at least (or not at all), gives another result than
 * what was generated, and contradicts nothing that as many people stand behind; otherwise the
 * feedback's `why` says which. A step that was taken already succeeds.
 *
 * NULL:    `by` and `note` may be.
 * Returns: EMEND_EUSAGE for a step that cannot be taken from where it stands.
 */
EMEND_API emend_rc emend_feedback_move(emend_engine *e, const char *id, emend_feedback_status to,
                                       const char *by, const char *note, emend_feedback **out,
                                       emend_error *err);
/** Put another SQL (NULL: as it was) and rating (0: as it was) into one that is not yet applied. */
EMEND_API emend_rc emend_feedback_edit(emend_engine *e, const char *id, const char *sql, int rating,
                                       const char *by, emend_feedback **out, emend_error *err);
EMEND_API void emend_feedback_free(emend_feedback *f); /* NULL is harmless */
EMEND_API char *emend_feedback_json(const emend_feedback *f);

typedef struct emend_feedback_list {
  size_t n;
  const emend_feedback *items; /* without trails */
  size_t n_by_status[4];       /* of all that there is */
  int64_t shown, answers, chosen, changed, confirmed; /* over all; answers: that were shown any */
} emend_feedback_list;

/** NULL and, for `status`, EMEND_FEEDBACK_REFUSED do not choose. Oldest first. */
typedef struct emend_feedback_filter {
  const char *source, *user;
  emend_feedback_status status;
} emend_feedback_filter;

EMEND_API emend_rc emend_feedbacks(emend_engine *e, const emend_feedback_filter *filter,
                                   emend_feedback_list **out, emend_error *err);
EMEND_API void emend_feedback_list_free(emend_feedback_list *list); /* NULL is harmless */
EMEND_API char *emend_feedback_list_json(const emend_feedback_list *list);

/** Feedback on one question, or to the same effect, for a reviewer to decide together. */
typedef struct emend_review {
  const char *source, *question;
  double impact; /* how often it is asked, by how many, how sure its corrections are */
  int64_t asked; /* one person counts three times at most */
  size_t people; /* who gave feedback */
  bool contradiction; /* there is more than one correction */
  size_t n;
  const emend_feedback *items;
} emend_review;

typedef struct emend_review_queue {
  size_t n;
  const emend_review *items; /* greatest impact first */
} emend_review_queue;

/** What waits for a reviewer, of `source` or (NULL) of all. */
EMEND_API emend_rc emend_reviews(emend_engine *e, const char *source, emend_review_queue **out,
                                 emend_error *err);
EMEND_API void emend_review_queue_free(emend_review_queue *queue); /* NULL is harmless */
EMEND_API char *emend_review_queue_json(const emend_review_queue *queue);

typedef struct emend_bulk_options {
  const char *source;     /* NULL: all */
  const char *by;         /* the reviewer; may be NULL */
  const char *const *ids; /* only these; NULL: all that are pending */
  size_t n_ids;
  bool dry_run; /* say what would be done, and do nothing */
} emend_bulk_options;

/** Verify what is pending, would be applied by that, contradicts nothing, and is not doubted while
 *  one person alone says it; of one person 20 at most. *out lists what was (or would be) verified;
 *  what was left out has a `why`. */
EMEND_API emend_rc emend_feedback_bulk_verify(emend_engine *e, const emend_bulk_options *opt,
                                              emend_feedback_list **out, emend_error *err);

/* ---- examples: question and SQL that answers resemble ----------------- */

typedef struct emend_example {
  const char *id; /* "ex_…" */
  const char *source, *question, *sql;
  const char *origin; /* "manual", "feedback", "finalised", "synthetic" */
  const char *parent; /* the id that it was made from; NULL: none */
  const char *user, *created_at;
} emend_example;

typedef struct emend_example_list {
  size_t n;
  const emend_example *items;
} emend_example_list;

/** Add one by hand: checked and run first. Refused with the faults as a diagnostic list in
 *  *refused (then *id is NULL; free it with emend_report_free). `user` may be NULL; `source` NULL:
 *  the engine's only one. *id is freed with emend_free. */
EMEND_API emend_rc emend_example_add(emend_engine *e, const char *source, const char *question,
                                     const char *sql, const char *user, char **id,
                                     emend_report **refused, emend_error *err);
EMEND_API emend_rc emend_example_remove(emend_engine *e, const char *id, emend_error *err);
/** All that are in use; `source` and `origin` NULL do not choose. */
EMEND_API emend_rc emend_examples(emend_engine *e, const char *source, const char *origin,
                                  emend_example_list **out, emend_error *err);
EMEND_API void emend_example_list_free(emend_example_list *list); /* NULL is harmless */
EMEND_API char *emend_example_list_json(const emend_example_list *list);
/** One JSON object a line, without people's names; mails, names and numbers that look personal
 *  are replaced, and with `no_literals` every literal. Freed with emend_free. */
EMEND_API emend_rc emend_examples_export(emend_engine *e, const char *source, bool no_literals,
                                         char **out, emend_error *err);
/** Lines as exported, checked and run one by one; *n were added, *skipped were not. */
EMEND_API emend_rc emend_examples_import(emend_engine *e, const char *source, const char *lines,
                                         const char *user, size_t *n, size_t *skipped,
                                         emend_error *err);

/** A correction or example near to a question, and how near. */
typedef struct emend_similar {
  emend_example example;
  double similarity; /* 0..1 */
} emend_similar;
typedef struct emend_similar_list {
  size_t n;
  const emend_similar *items; /* nearest first */
} emend_similar_list;
/** The `k` nearest to `question` that are applied, of `source` (NULL: the engine's only one). */
EMEND_API emend_rc emend_find_similar(emend_engine *e, const char *source, const char *question,
                                      size_t k, emend_similar_list **out, emend_error *err);
EMEND_API void emend_similar_list_free(emend_similar_list *list); /* NULL is harmless */
EMEND_API char *emend_similar_list_json(const emend_similar_list *list);

/* ---- privacy: one person's data (docs/privacy.md) --------------------- */

typedef struct emend_person {
  bool opted_out; /* their questions and feedback are not kept */
  int64_t questions, feedback, examples;
  int64_t confirmed; /* questions that they confirmed, or said another to be or not to be */
  int64_t datasets, models; /* of emend_privacy_forget: what was trained on that, and is gone */
} emend_person;

EMEND_API emend_rc emend_privacy_show(emend_engine *e, const char *user, emend_person *out,
                                      emend_error *err);
EMEND_API emend_rc emend_privacy_opt(emend_engine *e, const char *user, bool out, emend_error *err);
/** Delete all that is kept of this person and was derived from it; *out is what there was. An
 *  opt-out stays. No question may be running in this engine. */
EMEND_API emend_rc emend_privacy_forget(emend_engine *e, const char *user, emend_person *out,
                                        emend_error *err);

/* ---- measuring -------------------------------------------------------- */

typedef struct emend_eval_options {
  const char *data;        /* questions in Spider's format */
  const char *db_dir;      /* databases at db_dir/<db_id>/<db_id>.sqlite */
  const char *predictions; /* score these, one a line; NULL: ask the engine */
  bool repair;             /* take the predictions as first drafts and check, judge, correct them */
  const char *out;         /* write one query a line here; may be NULL */
  const char *log;         /* write one JSON object a question here; may be NULL */
  /** Called before each question; not 0 cancels. May be NULL. */
  int (*on_progress)(void *ctx, size_t done, size_t total);
  void *ctx;
} emend_eval_options;

/** A share of some of the questions. */
typedef struct emend_eval_group {
  const char *name;
  size_t n;
  double ex;
} emend_eval_group;

/** Shares are of the `n` questions whose gold query runs. */
typedef struct emend_eval_report {
  size_t n;
  double ex;              /* execution accuracy of what was delivered */
  double ex_first;        /* … of each first attempt */
  double valid;           /* what was delivered runs */
  double delivered;       /* answered at all */
  double wrong_delivered; /* wrong, and delivered without a warning */
  double attempts_mean;
  double p50_ms, p95_ms; /* from question to answer, catalog loading apart */
  /* Of the n_worded answers whose rows a model was to put in words: */
  size_t n_worded;
  double words;             /* in its words, which hold to the rows */
  double words_turned_down; /* it said something of neither rows nor question */
  double not_answering;     /* it finds that the rows do not answer the question */
  double words_mean_ms;
  size_t n_dbs, n_hardness;
  const emend_eval_group *by_db, *by_hardness;
} emend_eval_report;

EMEND_API emend_rc emend_eval(emend_engine *e, const emend_eval_options *opt,
                              emend_eval_report **out, emend_error *err);
EMEND_API void emend_eval_report_free(emend_eval_report *r); /* NULL is harmless */
EMEND_API char *emend_eval_report_json(const emend_eval_report *r);

/* ---- learning: data sets, training, measuring, promotion ------------- */

/** What emend_learn is to do for one source. */
typedef enum emend_learn_action {
  EMEND_LEARN_STATUS,   /* what there is: data sets, versions, rounds, failures since the last */
  EMEND_LEARN_DATASET,  /* gather what people gave and make up more: a new version on disk */
  EMEND_LEARN_SYNTH,    /* made-up questions with SQL, to look at or to write to `out` */
  EMEND_LEARN_TRAIN,    /* a data set to a version of the network for this source */
  EMEND_LEARN_EVALUATE, /* measure a version against what answers now */
  EMEND_LEARN_PROMOTE,  /* let a version answer that was found better */
  EMEND_LEARN_ROLLBACK, /* back to what answered before */
  EMEND_LEARN_RUN       /* a whole round: data set, training, measuring, promotion */
} emend_learn_action;

/** Zero (EMEND_LEARN_OPTIONS_INIT) is the default of every field. */
typedef struct emend_learn_options {
  const char *source; /* NULL: the engine's only one; STATUS: all */
  const char *id;     /* TRAIN, DATASET with `out`: a data set; EVALUATE, PROMOTE: a version.
                         NULL: the newest; for DATASET a new one */
  size_t synthetic;   /* made-up pairs; 0: 200 */
  int threads;        /* of training; 0: 2 */
  long steps;         /* of training; 0: by the number of pairs */
  const char *user;   /* who asks for it; may be NULL */
  const char *out;    /* SYNTH, DATASET: write the pairs here, one a line; may be NULL */
  const char *format; /* of `out`: "emend" (NULL), "chat", "sharegpt" or "alpaca" */
  bool if_due;        /* RUN: only when it is time */
  long threshold;     /* … that is after more failures than this; 0: 10 */
  double every_hours; /* … or so long after the last round began; 0: no schedule */
  /** How far it is: `done` 0 to 1, `seconds_left` below 0 when not known. Not 0 cancels; a
   *  training that was cut off goes on at the next call. May be NULL. */
  int (*on_progress)(void *ctx, const char *stage, double done, double seconds_left);
  void *ctx;
} emend_learn_options;
#define EMEND_LEARN_OPTIONS_INIT {0}

typedef struct emend_learn_report {
  bool done;        /* false: the answer is no (not promoted, not due) */
  const char *id;   /* of what was made or looked at: "ds_…", "md_…", "rd_…"; may be NULL */
  const char *text; /* what came of it, in words */
  const char *json; /* all of it, one JSON value on one line */
} emend_learn_report;

/**
 * Learn from what people said of a source. Nothing else trains: emend_ask never does.
 *
 * A version is an adapter of the embedded network for that one source; every other source is
 * answered as before, to the byte. It answers from the next question on once it is promoted, in
 * every process that shares the state, and is then named in provenance.model.
 *
 * Owns:    *out is the caller's, until emend_learn_report_free.
 * NULL:    `opt` NULL means all defaults.
 * Threads: questions are answered meanwhile; one round a source at a time.
 * Returns: EMEND_OK; EMEND_EUSAGE; EMEND_ENOTFOUND (nothing to learn from, no such id); EMEND_EBUSY
 *          (another process is at a round); EMEND_ECANCELED; EMEND_EFORMAT (a damaged file);
 *          EMEND_EVERSION (made for other weights); EMEND_EIO.
 */
EMEND_API emend_rc emend_learn(emend_engine *e, emend_learn_action action,
                               const emend_learn_options *opt, emend_learn_report **out,
                               emend_error *err);
EMEND_API void emend_learn_report_free(emend_learn_report *report); /* NULL is harmless */

#ifdef __cplusplus
}
#endif
#endif
