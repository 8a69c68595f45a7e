/* A small lending library for tests that need a schema with everything in it: chains of keys, two
 * keys to one table, a key to itself, a table on its own, flags, rows. */
#ifndef SUPPORT_LIBRARY_DB_H
#define SUPPORT_LIBRARY_DB_H

#define LIBRARY_SCHEMA                                                                          \
  "CREATE TABLE author (author_id INTEGER PRIMARY KEY, name TEXT, born INTEGER, country TEXT);" \
  "CREATE TABLE publisher (publisher_id INTEGER PRIMARY KEY, name TEXT, city TEXT);"            \
  "CREATE TABLE book (book_id INTEGER PRIMARY KEY, title TEXT,"                                 \
  "  author_id INTEGER REFERENCES author(author_id),"                                           \
  "  publisher_id INTEGER REFERENCES publisher(publisher_id),"                                  \
  "  year INTEGER, price REAL, in_print TEXT);"                                                 \
  "CREATE TABLE member (member_id INTEGER PRIMARY KEY, name TEXT, joined DATE,"                 \
  "  active BOOLEAN, mentor_id INTEGER REFERENCES member(member_id));"                          \
  "CREATE TABLE loan (loan_id INTEGER PRIMARY KEY, book_id INTEGER REFERENCES book(book_id),"   \
  "  member_id INTEGER REFERENCES member(member_id), day DATE, days_late INTEGER);"             \
  "CREATE TABLE translation (original_id INTEGER REFERENCES book(book_id),"                     \
  "  translated_id INTEGER REFERENCES book(book_id), language TEXT);"                           \
  "CREATE TABLE festival (town TEXT, visitors INTEGER);"

#define LIBRARY_ROWS                                                                            \
  "INSERT INTO author VALUES (1,'Ines Quill',1950,'Peru'),(2,'Bo Marsh',1971,'France'),"        \
  "  (3,'Ada Fenn',1971,'peru'),(4,'Unread Soul',1990,NULL);"                                   \
  "INSERT INTO publisher VALUES (1,'Tern Press','Lima'),(2,'Old Mill','Lyon');"                 \
  "INSERT INTO book VALUES (1,'Salt Roads',1,1,1985,12.5,'T'),(2,'Low Tide',1,2,1991,9,'F'),"   \
  "  (3,'Marshland',2,2,2004,20,'T'),(4,'Le Marais',2,2,2006,21,'T'),(5,'Fen',3,1,2004,7,'F');" \
  "INSERT INTO member VALUES (1,'Ro','2019-03-01',1,NULL),(2,'Sam','2020-07-12',1,1),"          \
  "  (3,'Vi','2020-11-30',0,1);"                                                                \
  "INSERT INTO loan VALUES (1,1,1,'2021-01-05',0),(2,1,2,'2021-01-20',3),"                      \
  "  (3,3,2,'2021-02-02',0),(4,5,3,'2021-02-14',9),(5,3,3,'2022-05-01',0);"                     \
  "INSERT INTO translation VALUES (3,4,'French');"                                              \
  "INSERT INTO festival VALUES ('Lima',900),('Lyon',400);"

#endif
