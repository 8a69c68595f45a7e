/* Schema linking: which words of a question name which tables, columns and stored values.
 * What the embedded network sees of a question starts here. Runs nothing on a database. */
#ifndef RETRIEVE_LINK_H
#define RETRIEVE_LINK_H

#include "catalog/catalog.h"
#include "text/synonyms.h"

enum {
  LINK_MAX_NAME = 12,   /* words of a name */
  LINK_MAX_WORDS = 64,  /* words of a question that are looked at */
  LINK_MAX_VALUES = 16, /* value candidates */
  LINK_MAX_NGRAM = 8
};

/** How a question word belongs to a table or column, weakest first. */
typedef enum link_kind {
  LINK_NONE,
  LINK_RELATED,      /* WordNet relates it to a word of the name: a kind of it, a near sister */
  LINK_SIMILAR,      /* 3-grams or abbreviation */
  LINK_SYNONYM,      /* another word for a word of the name, or derived from it */
  LINK_SAID,         /* what people were seen to say for a word of the name */
  LINK_PARTIAL,      /* equals a word of the name */
  LINK_PARTIAL_LAST, /* equals its last word */
  LINK_VALUE,        /* columns: is part of a value stored there */
  LINK_ALIAS,        /* a person taught that it means this */
  LINK_EXACT         /* is part of the whole name */
} link_kind;

typedef struct link_name {
  str words[LINK_MAX_NAME], stems[LINK_MAX_NAME];
  int n;
} link_name;

typedef struct link_column {
  link_name name;
  int table; /* index into link_schema.tables */
  int id;    /* catalog column id */
  uint16_t flags;
} link_column;

typedef struct link_table {
  link_name name;
  int id; /* catalog table id */
  int first_column, n_columns;
  uint16_t flags;
} link_table;

typedef struct link_fkey { /* a pair of columns, as indexes into link_schema.columns */
  int from, to;
} link_fkey;

/** A schema as linking sees it: names in words, no contents. */
typedef struct link_schema {
  int n_tables, n_columns, n_fkeys;
  link_table *tables;
  link_column *columns;
  link_fkey *fkeys;
} link_schema;

/* Flags of nodes; each kind has its own 16. They are features of the weights: never renumber. */
enum {
  LINK_WORD_CAPITAL = 1 << 0,
  LINK_WORD_QUOTED = 1 << 1,
  LINK_WORD_NUMBER = 1 << 2,
  LINK_WORD_STOP = 1 << 4,
  LINK_WORD_IN_VALUE = 1 << 5
};
enum {
  LINK_COL_TEXT = 1 << 0,
  LINK_COL_NUMBER = 1 << 1,
  LINK_COL_TIME = 1 << 2,
  LINK_COL_BOOLEAN = 1 << 3,
  LINK_COL_OTHER = 1 << 4,
  LINK_COL_PRIMARY = 1 << 5,
  LINK_COL_FOREIGN = 1 << 6,
  LINK_COL_TWO_VALUED = 1 << 7,
  LINK_COL_NUMERIC_TEXT = 1 << 8,
  LINK_COL_FEW_VALUES = 1 << 9,
  LINK_COL_YEAR = 1 << 10
};
enum { LINK_TAB_BRIDGE = 1 << 0, LINK_TAB_VIEW = 1 << 1, LINK_TAB_EMPTY = 1 << 2 };
enum {
  LINK_VAL_NUMBER = 1 << 0,
  LINK_VAL_QUOTED = 1 << 1,
  LINK_VAL_STORED = 1 << 2,
  LINK_VAL_CAPITAL = 1 << 3,
  LINK_VAL_YEAR = 1 << 4,
  LINK_VAL_NUMBER_WORD = 1 << 5,
  LINK_VAL_LEFTOVER = 1 << 6
};

typedef struct link_word {
  str raw, lower, stem;
  uint32_t from, to; /* bytes of the question */
  uint16_t flags;
  double number;
} link_word;

typedef struct link_question {
  link_word *words;
  int n;
} link_question;

typedef struct link_cell { /* a stored value that a candidate equals */
  int column;              /* index into link_schema.columns */
  str stored;
  bool near; /* equal but for a plural or a word form */
} link_cell;

typedef struct link_value {
  int from, to; /* words of the question */
  str text;     /* as in the question */
  uint16_t flags;
  double number;
  link_cell *cells;
  int n_cells;
} link_value;

typedef struct link_values {
  link_value items[LINK_MAX_VALUES];
  int n;
} link_values;

/** "this phrase means that column (or, column < 0, that table)": taught by people. */
typedef struct link_alias {
  link_name phrase;
  int column, table; /* catalog ids */
} link_alias;

typedef struct link_options {
  const synonyms *synonyms; /* may be NULL */
  const link_alias *aliases;
  int n_aliases;
  const synonyms *sayings; /* what people say for what, learnt from questions; may be NULL */
} link_options;

/** One byte (a link_kind) a pair. */
typedef struct link_result {
  uint8_t *columns; /* [n words][n columns] */
  uint8_t *tables;  /* [n words][n tables] */
} link_result;

/** All return EMEND_OK or EMEND_ENOMEM; what they make lives in `a`. */
emend_rc link_name_read(str name, arena *a, link_name *out);
emend_rc link_schema_read(const catalog *cat, arena *a, link_schema *out);
emend_rc link_question_read(str question, arena *a, link_question *out);
/** Value candidates: stored values (longest match first), quoted text, numbers, capitalised runs,
 *  then words that nothing else explains. Sets LINK_WORD_IN_VALUE on words of stored values. With
 *  `syn` (else NULL) so is another word for what a column of few values holds, as a near one. */
emend_rc link_values_find(link_question *q, const link_schema *s, const catalog *cat,
                          const synonyms *syn, arena *a, link_values *out);
/** Numbers with a unit of measure get the number that it is in columns whose names end in another
 *  unit of the same kind: "5 minutes" 300000 in Milliseconds. */
emend_rc link_units_find(const link_question *q, const link_schema *s, arena *a, link_values *v);
emend_rc link_names_find(const link_question *q, const link_schema *s, const link_values *v,
                         const link_options *opt, arena *a, link_result *out);
/** Keeps the columns of `s` for which keep[i] is true, and the tables that have any; keys and the
 *  cells of `v` (which may be NULL) follow. Ids stay. New arrays are made in `a`. */
emend_rc link_schema_keep(link_schema *s, link_values *v, const bool *keep, arena *a);

#endif
